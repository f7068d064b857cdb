"""The editor of a triage policy: blind audit, when a segment is red, what explanations and fairness must reach."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.reliability.forms.choices import (
    ChoiceForm,
    Section,
    hundredths,
    number,
    of_hundred,
    share,
)
from apps.triage.decision import TriagePolicy
from apps.triage.fairness_settings import FairnessSettings

_SHARES = (
    "audit_share",
    "raised_audit_share",
    "judged_first_share",
    "reliability_limit",
    "red_from",
    "green_up_to",
    "fidelity_floor",
    "invariance_tolerance",
)
_FAIRNESS_SHARES = ("largest_difference", "confidence", "alarm_error")


class TriagePolicyForm(ChoiceForm):
    """Shares are filled in as numbers of 100."""

    audit_share = of_hundred(_("Archived alerts drawn"))
    raised_audit_share = of_hundred(_("Drawn where one step was observed on its own"))
    audit_by_doubt = forms.BooleanField(
        label=_("Draw more of those that were nearly verified, up to the second share"),
        required=False,
    )
    judged_first_share = of_hundred(
        _("Raised alerts judged first"),
        words=_(
            "Escalated or to be verified. 0: everybody always sees the proposal before judging."
        ),
    )
    reliability_limit = of_hundred(_("Limit of false alerts"))
    red_from = of_hundred(
        _("Red from a certainty of"),
        words=_("That the rate lies above the limit. A red segment is verified at most."),
    )
    green_up_to = of_hundred(_("Green up to a certainty of"))
    least_labels = forms.IntegerField(
        label=_("Labels needed before a state is told"), min_value=1, max_value=10_000
    )
    fidelity_floor = of_hundred(_("Agreement with the detector needed"), low=50)
    invariance_tolerance = of_hundred(_("A score may move by"), high=50)
    largest_difference = of_hundred(_("Largest difference from the overall rate"))
    largest_ratio = number(_("Largest ratio between rates"), low=1, high=100, required=False)
    least_rows = forms.IntegerField(
        label=_("Judged alerts needed in a group"), min_value=2, max_value=1_000_000
    )
    confidence = of_hundred(_("Confidence of all differences together"), low=50)
    alarm_error = of_hundred(_("Chance that the watch ever raises a false alarm"), high=50)

    @staticmethod
    def initial_of(policy: TriagePolicy) -> dict[str, Any]:
        """What the form is filled in with."""
        found = {name: hundredths(getattr(policy, name)) for name in _SHARES}
        fairness = policy.fairness
        found |= {name: hundredths(getattr(fairness, name)) for name in _FAIRNESS_SHARES}
        return found | {
            "audit_by_doubt": policy.audit_by_doubt,
            "least_labels": policy.least_labels,
            "least_rows": fairness.least_rows,
            "largest_ratio": fairness.largest_ratio,
        }

    def sections(self) -> list[Section]:
        return [
            Section(
                title=gettext("Blind audit of archived alerts"),
                words=gettext(
                    "Without it nobody would ever judge an archived alert, and labels would be biased."
                ),
                fields=self.chosen("audit_share", "raised_audit_share", "audit_by_doubt"),
            ),
            Section(
                title=gettext("Judged before the proposal is shown"),
                words=gettext(
                    "Shows how far people follow what they are shown. Such an alert looks like one to verify."
                ),
                fields=self.chosen("judged_first_share"),
            ),
            Section(
                title=gettext("When scores are not to be trusted"),
                words=gettext("From P(rate of false alerts above the limit)."),
                fields=self.chosen("reliability_limit", "red_from", "green_up_to", "least_labels"),
            ),
            Section(
                title=gettext("Explanations"),
                words=gettext("Below it the rule in words is marked “not reliable”."),
                fields=self.chosen("fidelity_floor"),
            ),
            Section(
                title=gettext("Fairness of one score"),
                words=gettext(
                    "Beyond it, changing only the appearance has moved the score: the check has failed."
                ),
                fields=self.chosen("invariance_tolerance"),
            ),
            Section(
                title=gettext("Fairness between groups"),
                words=gettext(
                    "Thresholds for the separate audit sample. No law sets them: they are yours to defend."
                ),
                fields=self.chosen(
                    "largest_difference", "largest_ratio", "least_rows", "confidence", "alarm_error"
                ),
            ),
        ]

    def read(self, data: Mapping[str, Any]) -> TriagePolicy:
        return TriagePolicy(
            version="draft",
            audit_by_doubt=bool(data.get("audit_by_doubt")),
            least_labels=data["least_labels"],
            fairness=FairnessSettings(
                least_rows=data["least_rows"],
                largest_ratio=data.get("largest_ratio"),
                **{name: share(data[name]) for name in _FAIRNESS_SHARES},
            ),
            **{name: share(data[name]) for name in _SHARES},
        )
