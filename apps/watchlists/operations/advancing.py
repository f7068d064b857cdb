"""What is due on an entry now: exclusion checks, reminders, ends. Called by its workflow and by the daily watchdog.

Nothing here approves. Time is read from the database's rows against `now`, so that a late timer ends what an early
signal would not.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.triage.states import ENTRY, EntryState
from apps.watchlists.models import WatchlistEntry
from apps.watchlists.operations.ending import end_entry, still_rests_on_theft, suspend_entry
from apps.watchlists.queries.entries import OPEN, has_open_objection
from apps.watchlists.queries.gate import gate_of
from workflows.enrolment_messages import EntryStanding, EntryStep

REMIND_BEFORE: Final = timedelta(days=7)
APPROVAL_PATIENCE: Final = timedelta(days=30)
# A shut gate may open again; nothing is compared meanwhile.
GATE_LOOK: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Exclusion:
    """One reason for which nobody may be entered, and whether it was found absent."""

    code: str
    passed: bool

    def to_json(self) -> dict[str, object]:
        return {"code": self.code, "passed": self.passed}


def advance_entry(*, entry_id: UUID, now: datetime) -> EntryStanding:
    """Take every step that is due and say what comes next. Repeated, it does nothing twice.

    Runs inside the tenant's scope.
    """
    with transaction.atomic():
        entry = WatchlistEntry.objects.select_for_update().get(id=entry_id)
        if entry.state == EntryState.PROPOSED:
            _move(entry, EntryState.CHECKING)
        if entry.state == EntryState.CHECKING:
            _check(entry, now=now)
        elif entry.state == EntryState.AWAITING_APPROVAL:
            _give_up_unapproved(entry, now=now)
        elif entry.state in (EntryState.ACTIVE, EntryState.SUSPENDED):
            _keep_term(entry, now=now)
        entry.refresh_from_db()
        return standing_of(entry, now=now)


def exclusions_of(entry: WatchlistEntry, *, now: datetime) -> list[Exclusion]:
    """The reasons that keep somebody out of a watchlist, each answered from what is recorded."""
    others = WatchlistEntry.objects.filter(alert_id=entry.alert_id, state__in=OPEN)
    answers = {
        "gate_is_open": gate_of(entry.tenant_id, now=now).is_on,
        "theft_is_confirmed": still_rests_on_theft(entry),
        "no_open_objection": not has_open_objection(entry),
        "not_staff": entry.declared_not_staff,
        "not_a_minor": entry.declared_adult,
        "not_vulnerable": entry.declared_not_vulnerable,
        "no_other_entry": not others.exclude(id=entry.id).exists(),
    }
    return [Exclusion(code=code, passed=passed) for code, passed in answers.items()]


def standing_of(entry: WatchlistEntry, *, now: datetime) -> EntryStanding:
    """What comes next for an entry that has been advanced."""
    state = EntryState(entry.state)
    if state in ENTRY.terminal:
        return EntryStanding(state=state, step=EntryStep.DONE)
    if state is EntryState.CHECKING:
        return EntryStanding(state=state, step=EntryStep.CHECK_IMAGES)
    if state is EntryState.AWAITING_APPROVAL:
        return EntryStanding(state=state, step=EntryStep.WAIT, wake_at=_patience_ends(entry))
    if state is EntryState.ACTIVE and entry.images.filter(embeddings__isnull=True).exists():
        if gate_of(entry.tenant_id, now=now).is_on:
            return EntryStanding(state=state, step=EntryStep.ENROL)
        return EntryStanding(
            state=state,
            step=EntryStep.WAIT,
            wake_at=min(now + GATE_LOOK, _next_moment(entry)),
        )
    return EntryStanding(state=state, step=EntryStep.WAIT, wake_at=_next_moment(entry))


def _check(entry: WatchlistEntry, *, now: datetime) -> None:
    exclusions = exclusions_of(entry, now=now)
    failed = [one.code for one in exclusions if not one.passed]
    of_images = [one for one in entry.findings if "image" in one]
    WatchlistEntry.objects.filter(id=entry.id).update(
        findings=[*(one.to_json() for one in exclusions), *of_images]
    )
    unseen = {str(image.id) for image in entry.images.all()} - {one["image"] for one in of_images}
    failed += [str(one["code"]) for one in of_images if not one["passed"]]
    if failed:
        end_entry(
            actor=Actor.system(entry.tenant_id),
            entry=entry,
            to=EntryState.REFUSED,
            code=failed[0],
            now=now,
        )
    elif not unseen:
        _move(entry, EntryState.AWAITING_APPROVAL, checked_at=now)
        record(
            actor=Actor.system(entry.tenant_id),
            event=Event.ENTRY_CHECKED,
            subject=Subject("watchlist_entry", entry.id),
            details={"passed": True, "version": entry.version},
        )


def _give_up_unapproved(entry: WatchlistEntry, *, now: datetime) -> None:
    """Nobody approved: the pictures of an unconfirmed proposal may not lie about for ever."""
    if now >= _patience_ends(entry):
        end_entry(
            actor=Actor.system(entry.tenant_id),
            entry=entry,
            to=EntryState.REFUSED,
            code="not_approved_in_time",
            now=now,
        )


def _keep_term(entry: WatchlistEntry, *, now: datetime) -> None:
    assert entry.expires_at is not None
    assert entry.review_due_at is not None
    actor = Actor.system(entry.tenant_id)
    if now >= entry.expires_at:
        end_entry(actor=actor, entry=entry, to=EntryState.EXPIRED, code="term_ended", now=now)
    elif now >= entry.review_due_at:
        end_entry(actor=actor, entry=entry, to=EntryState.DISABLED, code="not_reviewed", now=now)
    elif entry.state == EntryState.ACTIVE and not still_rests_on_theft(entry):
        suspend_entry(actor=actor, entry=entry, code="confirmation_corrected", now=now)
    elif entry.reminded_at is None and now >= _remind_at(entry):
        _remind(actor, entry, now=now)


def _remind(actor: Actor, entry: WatchlistEntry, *, now: datetime) -> None:
    reminded = WatchlistEntry.objects.filter(id=entry.id, reminded_at__isnull=True).update(
        reminded_at=now
    )
    if reminded == 1:
        record(
            actor=actor,
            event=Event.ENTRY_REVIEW_DUE,
            subject=Subject("watchlist_entry", entry.id),
            details={"version": entry.version},
        )


def _next_moment(entry: WatchlistEntry) -> datetime:
    assert entry.expires_at is not None
    assert entry.review_due_at is not None
    moments = [entry.expires_at, entry.review_due_at]
    if entry.reminded_at is None:
        moments.append(_remind_at(entry))
    return min(moments)


def _remind_at(entry: WatchlistEntry) -> datetime:
    """A week before the review, or half its time before when that is shorter."""
    assert entry.review_due_at is not None
    assert entry.approved_at is not None
    return entry.review_due_at - min(REMIND_BEFORE, (entry.review_due_at - entry.approved_at) / 2)


def _patience_ends(entry: WatchlistEntry) -> datetime:
    return (entry.checked_at or entry.proposed_at) + APPROVAL_PATIENCE


def _move(entry: WatchlistEntry, to: EntryState, **changes: object) -> None:
    """With the row locked."""
    ENTRY.require(entry.state, to)
    WatchlistEntry.objects.filter(id=entry.id).update(state=to, version=F("version") + 1, **changes)
    entry.refresh_from_db()
