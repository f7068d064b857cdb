"""Reason codes of a decision, in the one order in which they are evaluated, each as a sentence.

Screens, the dossier and the documentation use these sentences. They speak of observed acts, of
numbers and of rules, never of a person's intent.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from apps.triage.wording import gettext, gettext_noop, ngettext


class ReasonCode(StrEnum):
    """Why a decision is what it is. The order of the members is the order of evaluation."""

    FAIRNESS_FAILED = "fairness_failed"
    STOPPED = "stopped"
    FAIRNESS_NOT_ASSESSABLE = "fairness_not_assessable"
    SEGMENT_RED = "segment_red"
    SEQUENCE_INCOMPLETE = "sequence_incomplete"
    SEQUENCE_ISOLATED = "sequence_isolated"
    SEQUENCE_UNKNOWN = "sequence_unknown"
    NO_VIEWABLE_CLIP = "no_viewable_clip"
    UNCALIBRATED = "uncalibrated"
    NOT_ARCHIVED_ON_A_PRIOR = "not_archived_on_a_prior"
    CHEAPEST_ALLOWED = "cheapest_allowed"
    CHEAPER_NOT_ALLOWED = "cheaper_not_allowed"
    WORKLOAD_RAISED_THE_BAR = "workload_raised_the_bar"
    AUDIT_SHARE_RAISED = "audit_share_raised"


SENTENCES: Mapping[ReasonCode, str] = MappingProxyType(
    {
        ReasonCode.FAIRNESS_FAILED: (
            gettext_noop(
                "The fairness check of this detector failed: the model is reviewed before anybody "
                "acts on this alert."
            )
        ),
        ReasonCode.STOPPED: (
            gettext_noop(
                "A person had stopped the machine here while this alert waited or was analysed, so the "
                "alert is verified at most."
            )
        ),
        ReasonCode.FAIRNESS_NOT_ASSESSABLE: (
            gettext_noop(
                "Whether the score depends on appearance could not be checked, so the alert is "
                "verified at most."
            )
        ),
        ReasonCode.SEGMENT_RED: (
            gettext_noop(
                "Too many alerts in these conditions were false, so the alert is verified at most, "
                "whatever its score."
            )
        ),
        ReasonCode.SEQUENCE_INCOMPLETE: (
            gettext_noop(
                "Not every step of the sequence was observed, so the alert is verified at most."
            )
        ),
        ReasonCode.SEQUENCE_ISOLATED: (
            gettext_noop("A single step was observed on its own, so the alert is verified at most.")
        ),
        ReasonCode.SEQUENCE_UNKNOWN: (
            gettext_noop(
                "Whether the steps form a sequence is not known, so the alert is verified at most."
            )
        ),
        ReasonCode.NO_VIEWABLE_CLIP: (
            gettext_noop(
                "There is no clip that can be watched, so nobody is interrupted for it and theft "
                "cannot be confirmed."
            )
        ),
        ReasonCode.UNCALIBRATED: (
            gettext_noop(
                "How often alerts with this score were theft is not known yet, so the alert is "
                "verified at most."
            )
        ),
        ReasonCode.NOT_ARCHIVED_ON_A_PRIOR: (
            gettext_noop(
                "The costs rest on an assumed probability, which is not enough to archive an alert "
                "that nobody has looked at."
            )
        ),
        ReasonCode.CHEAPEST_ALLOWED: (
            gettext_noop("This has the lowest expected cost of what is allowed for this alert.")
        ),
        ReasonCode.CHEAPER_NOT_ALLOWED: (
            gettext_noop(
                "Another choice has a lower expected cost, but the rules above do not allow it."
            )
        ),
        ReasonCode.WORKLOAD_RAISED_THE_BAR: (
            gettext_noop(
                "The queue is full: at the usual price of a minute this alert would have been looked "
                "at."
            )
        ),
        ReasonCode.AUDIT_SHARE_RAISED: (
            gettext_noop(
                "More of the alerts archived like this one are drawn at random for a person to judge."
            )
        ),
    }
)


def sentence(code: ReasonCode) -> str:
    """Return the one plain sentence for a reason code."""
    return gettext(SENTENCES[code])


def not_known_yet(label_count: int) -> str:
    """How every screen writes that labels are too few to know."""
    return ngettext(
        "not known yet (%(count)s label)", "not known yet (%(count)s labels)", label_count
    ) % {"count": label_count}
