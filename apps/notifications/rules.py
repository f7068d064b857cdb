"""Which events of the audit chain somebody is told of, who that is, and in which words.

A notification carries a reference and an address, never a picture, a name or what the machine thinks: what it is about
is behind the sign-in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext_noop as _

from apps.accounts.permissions import Permission
from apps.audit.events import Event


class Kind(StrEnum):
    """What a person can choose to hear of."""

    ALERT_WAITS = "alert_waits"
    ALERT_GIVEN = "alert_given"
    ALERT_LATE = "alert_late"
    CASE_GIVEN = "case_given"
    CASE_CORRECTED = "case_corrected"
    APPROVAL_WAITS = "approval_waits"
    LEAD_WAITS = "lead_waits"
    DATE_NEAR = "date_near"
    ALARM = "alarm"


KIND_WORDS: Final[dict[Kind, str]] = {
    Kind.ALERT_WAITS: _("An alert waits for a person"),
    Kind.ALERT_GIVEN: _("An alert was given to me, or somebody wants a second look"),
    Kind.ALERT_LATE: _("An alert has waited too long"),
    Kind.CASE_GIVEN: _("A case, or a task in one, was given to me"),
    Kind.CASE_CORRECTED: _("A decision behind a case was corrected"),
    Kind.APPROVAL_WAITS: _("Something waits for a second person"),
    Kind.LEAD_WAITS: _("A sighting lead waits to be judged"),
    Kind.DATE_NEAR: _("A date is near"),
    Kind.ALARM: _("Something is wrong: a stop, an alarm, a digest that does not agree"),
}
OFTEN: Final = frozenset({Kind.ALERT_WAITS})
"""Kinds that come so often that nobody hears of them unasked."""
BY_EMAIL: Final = frozenset({Kind.APPROVAL_WAITS, Kind.DATE_NEAR, Kind.ALARM})
"""Kinds that also go out by e-mail unless a person chose otherwise."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Who hears of an event: those who hold `permission` where it happened, but never the one who did it.

    `addressed_by` names the detail with the one person it is meant for, `to_holder` means who holds the matter; nobody
    else hears of it. With `or_everybody` it goes to all of them when there is no such person. `when` are details the event
    must have. `words` are English, marked for the catalogue and translated where they are shown.
    """

    kind: Kind
    words: str
    permission: Permission
    addressed_by: str = ""
    to_holder: bool = False
    or_everybody: bool = False
    when: Mapping[str, str] = field(default_factory=dict)


RULES: Final[dict[Event, Rule]] = {
    Event.TASK_OPENED: Rule(
        kind=Kind.ALERT_WAITS, words=_("An alert waits for a person"), permission=Permission.DECIDE
    ),
    Event.TASK_REASSIGNED: Rule(
        kind=Kind.ALERT_GIVEN,
        words=_("An alert was given to you"),
        permission=Permission.DECIDE,
        addressed_by="assignee",
    ),
    Event.TASK_SECOND_LOOK: Rule(
        kind=Kind.ALERT_GIVEN,
        words=_("A colleague wants a second look"),
        permission=Permission.DECIDE,
        addressed_by="assignee",
        or_everybody=True,
    ),
    Event.TASK_REMINDED: Rule(
        kind=Kind.ALERT_LATE,
        words=_("An alert has waited too long"),
        permission=Permission.DECIDE,
        addressed_by="assignee",
        or_everybody=True,
    ),
    Event.TASK_ESCALATED: Rule(
        kind=Kind.ALERT_LATE,
        words=_("An alert nobody took is yours now"),
        permission=Permission.ASSIGN_TASKS,
        addressed_by="assignee",
        or_everybody=True,
    ),
    Event.CASE_ASSIGNED: Rule(
        kind=Kind.CASE_GIVEN,
        words=_("A case was given to you"),
        permission=Permission.EDIT_CASES,
        addressed_by="to",
    ),
    Event.CASE_TASK_ADDED: Rule(
        kind=Kind.CASE_GIVEN,
        words=_("A task in a case was given to you"),
        permission=Permission.EDIT_CASES,
        addressed_by="to",
    ),
    Event.CASE_TASK_PLANNED: Rule(
        kind=Kind.CASE_GIVEN,
        words=_("A task of yours in a case was planned"),
        permission=Permission.EDIT_CASES,
        addressed_by="to",
    ),
    Event.INCIDENT_SUPERSEDED: Rule(
        kind=Kind.CASE_CORRECTED,
        words=_("A decision behind a case was corrected"),
        permission=Permission.EDIT_CASES,
        to_holder=True,
        or_everybody=True,
    ),
    Event.CASE_STATE_CHANGED: Rule(
        kind=Kind.APPROVAL_WAITS,
        words=_("A case waits to be approved for the police"),
        permission=Permission.APPROVE_CASES,
        when={"to": "submitted_for_approval"},
    ),
    Event.CASE_FILE_WRITTEN: Rule(
        kind=Kind.APPROVAL_WAITS,
        words=_("A case file waits to be released"),
        permission=Permission.RELEASE_CASE_FILES,
    ),
    Event.ENTRY_PROPOSED: Rule(
        kind=Kind.APPROVAL_WAITS,
        words=_("A watchlist entry waits to be approved"),
        permission=Permission.APPROVE_WATCHLIST,
    ),
    Event.ENTRY_RENEWAL_PROPOSED: Rule(
        kind=Kind.APPROVAL_WAITS,
        words=_("The renewal of a watchlist entry waits to be approved"),
        permission=Permission.APPROVE_WATCHLIST,
    ),
    Event.SUBJECT_REQUEST_PREPARED: Rule(
        kind=Kind.APPROVAL_WAITS,
        words=_("A disclosure waits to be approved"),
        permission=Permission.APPROVE_DISCLOSURE,
    ),
    Event.ERASURE_ASKED: Rule(
        kind=Kind.APPROVAL_WAITS,
        words=_("An erasure waits for a second person"),
        permission=Permission.ERASE_PEOPLE,
    ),
    Event.LEAD_RAISED: Rule(
        kind=Kind.LEAD_WAITS,
        words=_("A sighting lead waits to be judged"),
        permission=Permission.CONFIRM_SIGHTING,
    ),
    Event.SUBJECT_REQUEST_DUE: Rule(
        kind=Kind.DATE_NEAR,
        words=_("A subject request is due soon"),
        permission=Permission.HANDLE_SUBJECT_REQUESTS,
    ),
    Event.ENTRY_REVIEW_DUE: Rule(
        kind=Kind.DATE_NEAR,
        words=_("A watchlist entry is due for review"),
        permission=Permission.APPROVE_WATCHLIST,
    ),
    Event.SYSTEM_INCIDENT_DUE: Rule(
        kind=Kind.DATE_NEAR,
        words=_("A report to the authority is due soon"),
        permission=Permission.MANAGE_OVERSIGHT,
    ),
    Event.RISK_REVIEW_DUE: Rule(
        kind=Kind.DATE_NEAR,
        words=_("A risk is due for review"),
        permission=Permission.MANAGE_OVERSIGHT,
    ),
    Event.MACHINE_STOPPED: Rule(
        kind=Kind.ALARM, words=_("The machine was stopped"), permission=Permission.RESUME_MACHINE
    ),
    Event.SYSTEM_INCIDENT_REPORTED: Rule(
        kind=Kind.ALARM,
        words=_("An incident of the system was reported"),
        permission=Permission.MANAGE_OVERSIGHT,
    ),
    Event.FAIRNESS_ALARM_RAISED: Rule(
        kind=Kind.ALARM,
        words=_("A fairness alarm was raised"),
        permission=Permission.MANAGE_FAIRNESS,
    ),
    Event.EVIDENCE_DIGEST_MISMATCH: Rule(
        kind=Kind.ALARM,
        words=_("A kept file no longer agrees with its digest"),
        permission=Permission.MANAGE_RETENTION,
    ),
    Event.ALERT_RECORD_MISSING: Rule(
        kind=Kind.ALARM,
        words=_("An alert left analysis without its record"),
        permission=Permission.MANAGE_OVERSIGHT,
    ),
    Event.AUDIT_CHECK_ENDED: Rule(
        kind=Kind.ALARM,
        words=_("The audit chain did not hold when it was checked"),
        permission=Permission.VIEW_AUDIT,
        when={"state": "broken"},
    ),
}


def kinds_for(may: Callable[[Permission], bool]) -> list[Kind]:
    """The kinds somebody with these permissions can hear of."""
    heard = {rule.kind for rule in RULES.values() if may(rule.permission)}
    return [kind for kind in Kind if kind in heard]
