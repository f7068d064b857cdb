"""What a corrected decision carries with it: watchlist entries, case files and their recipients, locked exhibits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert, Disposition
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.audit.queries import AuditEvent, events_of
from apps.cases.models import Case, CaseFile, Exhibit, Incident
from apps.reviews.operations.correcting import UnableToCorrect, correct
from apps.sites.queries import allows
from apps.triage.states import CASE_FILE, CaseFileState, EntryState, Verdict
from apps.watchlists.models import WatchlistEntry
from apps.watchlists.operations.ending import suspend_for

SHORTEST_ACCOUNT: Final = 5
CORRECTED_ENTRY: Final = "confirmation_corrected"
_IN_FORCE: Final = (
    EntryState.PROPOSED,
    EntryState.CHECKING,
    EntryState.AWAITING_APPROVAL,
    EntryState.ACTIVE,
)
_WITHDRAWABLE: Final = (CaseFileState.REQUESTED, CaseFileState.READY, CaseFileState.FAILED)


class UnableToTell(Exception):
    """The note that a recipient was told cannot be kept; the text says why."""


@dataclass(frozen=True, kw_only=True)
class HandedOver:
    """A case file somebody outside has had, and who told them of the correction; None: nobody yet."""

    file: CaseFile
    told: AuditEvent | None


@dataclass(frozen=True, kw_only=True)
class Consequences:
    """What rests on the confirmation of an alert: shown before it is corrected, and followed up after.

    `entries` and `unreleased` are still in force; `stopped` and `withdrawn` are those a correction has ended.
    """

    case: Case | None
    entries: tuple[WatchlistEntry, ...]
    stopped: tuple[WatchlistEntry, ...]
    handed_over: tuple[HandedOver, ...]
    unreleased: tuple[CaseFile, ...]
    withdrawn: tuple[CaseFile, ...]
    exhibits: tuple[Exhibit, ...]

    @property
    def untold(self) -> tuple[HandedOver, ...]:
        return tuple(one for one in self.handed_over if one.told is None)


def consequences_of(alert: Alert, *, since: datetime | None = None) -> Consequences:
    """What rests on the alert's confirmation; a recipient counts as told when told after `since`."""
    incident = Incident.objects.select_related("case__site").filter(alert=alert).first()
    case = incident.case if incident else None
    files = list(CaseFile.objects.filter(case=case)) if case else []
    exhibits = Exhibit.objects.filter(case=case, item__alert=alert).select_related("item")
    return Consequences(
        case=case,
        entries=tuple(WatchlistEntry.objects.filter(alert=alert, state__in=_IN_FORCE)),
        stopped=tuple(
            WatchlistEntry.objects.filter(alert=alert, ended_code=CORRECTED_ENTRY).exclude(
                state__in=_IN_FORCE
            )
        ),
        handed_over=tuple(
            HandedOver(file=file, told=_told(file, since)) for file in files if file.released_at
        ),
        unreleased=tuple(file for file in files if file.state in _WITHDRAWABLE),
        withdrawn=tuple(file for file in files if _is_withdrawn(file, since)),
        exhibits=tuple(exhibits) if case else (),
    )


def correct_decision(
    *, actor: Actor, user: User, alert: Alert, verdict: Verdict, reason: str, now: datetime
) -> Disposition:
    """Supersede the verdict and stop everything that rests on it, in one transaction. Raises UnableToCorrect.

    Of a theft that was none: watchlist entries are suspended at once, case files that were not handed over are
    withdrawn. What was handed over is listed until its recipient was told; sealed exhibits stay until their lock ends.
    """
    with transaction.atomic():
        disposition = correct(
            actor=actor, user=user, alert=alert, verdict=verdict, reason=reason, now=now
        )
        _mark(actor, alert, disposition)
        suspend_for(actor=actor, alert=alert, now=now)
        for file in consequences_of(alert).unreleased:
            _withdraw(actor, file, now=now)
    return disposition


def corrected_at(alert: Alert) -> datetime | None:
    """When the alert's first verdict was superseded; None when it stands."""
    return (
        alert.dispositions.filter(supersedes__isnull=False)
        .order_by("decided_at")
        .values_list("decided_at", flat=True)
        .first()
    )


def record_told(*, actor: Actor, user: User, alert: Alert, file: CaseFile, account: str) -> None:
    """Keep that the recipient of a released file was told of the correction, and how. Raises UnableToTell."""
    if not allows(user, Permission.CORRECT_DECISIONS, alert.site_id):
        raise UnableToTell(gettext("Correcting decisions is not part of your role at this site."))
    account = account.strip()
    if not SHORTEST_ACCOUNT <= len(account) <= 500:
        raise UnableToTell(
            gettext("Say how the recipient was told: by letter, by telephone, when.")
        )
    if corrected_at(alert) is None or file.released_at is None:
        raise UnableToTell(gettext("There is no correction this recipient has to be told of."))
    with transaction.atomic():
        record(
            actor=actor,
            event=Event.CASE_FILE_RECIPIENT_TOLD,
            subject=Subject("case_file", file.id),
            reason=account,
            details={"alert": str(alert.id)},
        )


def _mark(actor: Actor, alert: Alert, disposition: Disposition) -> None:
    """The incident says in its own record that its confirmation does not stand; its row stays as it was opened."""
    incident = Incident.objects.filter(alert=alert).first()
    if incident is None or not is_reversal(disposition):
        return
    record(
        actor=actor,
        event=Event.INCIDENT_SUPERSEDED,
        subject=Subject("incident", incident.id),
        before={"verdict": Verdict.THEFT_CONFIRMED.value},
        after={"verdict": disposition.verdict},
        reason=disposition.comment,
        details={"alert": str(alert.id), "case": str(incident.case_id)},
    )


def _withdraw(actor: Actor, file: CaseFile, *, now: datetime) -> None:
    sources = CASE_FILE.sources_of(CaseFileState.WITHDRAWN)
    moved = CaseFile.objects.filter(id=file.id, state__in=sources, released_at__isnull=True).update(
        state=CaseFileState.WITHDRAWN,
        version=F("version") + 1,
        ended_at=now,
        password_sealed=None,
        tell_at=now,
    )
    if moved != 1:
        raise UnableToCorrect(
            gettext("A case file was released this moment. Look again and correct then.")
        )
    record(
        actor=actor,
        event=Event.CASE_FILE_WITHDRAWN,
        subject=Subject("case_file", file.id),
        details={"code": "decision_corrected", "case": str(file.case_id)},
    )


def _is_withdrawn(file: CaseFile, since: datetime | None) -> bool:
    """Whether the file was ended by the correction made at `since`, which withdraws in its own transaction."""
    return (
        file.state == CaseFileState.WITHDRAWN
        and file.released_at is None
        and since is not None
        and file.ended_at == since
    )


def _told(file: CaseFile, since: datetime | None) -> AuditEvent | None:
    events = events_of(tenant_id=file.tenant_id, subjects=[Subject("case_file", file.id)])
    told = [
        event
        for event in events
        if event.event == Event.CASE_FILE_RECIPIENT_TOLD
        and (since is None or event.occurred_at >= since)
    ]
    return told[-1] if told else None


def is_reversal(disposition: Disposition) -> bool:
    """Whether the verdict takes back a confirmation of theft."""
    before = disposition.supersedes
    return before is not None and before.verdict == Verdict.THEFT_CONFIRMED
