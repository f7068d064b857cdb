"""The second person: one transaction writes a confirmation bound to the exact content and version, and puts it in force.

The database refuses the rest (`watchlists_in_force`): no confirmation of another person for this version, no force.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext, gettext_noop

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.triage.states import EntryState
from apps.watchlists.models import (
    EntryConfirmation,
    EntryRenewal,
    FaceEmbedding,
    WatchlistEntry,
)
from apps.watchlists.models.entries import ConfirmedAct
from apps.watchlists.operations.ending import end_entry, still_rests_on_theft
from apps.watchlists.operations.proposing import UnableToPropose, require_renewable
from apps.watchlists.operations.runs import tell_run
from apps.watchlists.queries.entries import (
    IN_FORCE,
    entry_digest,
    has_open_objection,
    renewal_digest,
    standing_theft,
)
from apps.watchlists.queries.gate import gate_of

SHORTEST_REASON: Final = 10
_CHANGED = gettext_noop("It changed since you looked at it. Look again before you decide.")


class UnableToApprove(Exception):
    """Nothing was approved or refused; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the person looked at when deciding: the version and the digest of its content."""

    version: int
    digest: str


def approve_entry(
    *, actor: Actor, user: User, entry: WatchlistEntry, seen: Seen, now: datetime
) -> WatchlistEntry:
    """Put a checked proposal in force, for the term it states, from now.

    Raises UnableToApprove without permission, for one's own proposal, when it is not waiting or not
    what was seen, and when the gate is shut, the confirmation behind it was corrected or somebody
    objects. Runs inside the tenant's scope; the caller has seen a recent sign-in.
    """
    _require_approver(user)
    with transaction.atomic():
        entry = _locked(entry)
        _require_other(user, entry.proposed_by)
        if entry.state != EntryState.AWAITING_APPROVAL:
            raise UnableToApprove(gettext("This proposal is not waiting for an approval any more."))
        _require_seen(seen, entry.version, entry_digest(entry))
        _require_ground(entry, user, now=now)
        _confirm(actor, user, entry, act=ConfirmedAct.APPROVE, seen=seen, now=now)
        _put_in_force(
            entry, user, valid_days=entry.valid_days, review_days=entry.review_days, now=now
        )
        _record(actor, entry, Event.ENTRY_APPROVED, seen)
        tell_run(entry=entry, now=now)
    return entry


def refuse_entry(
    *, actor: Actor, user: User, entry: WatchlistEntry, seen: Seen, reason: str, now: datetime
) -> None:
    """Refuse a waiting proposal, or withdraw one's own. Its pictures are deleted.

    Raises UnableToApprove without permission or reason, or when it is not what was seen.
    """
    if user.id != entry.proposed_by:
        _require_approver(user)
    _require_reason(reason)
    with transaction.atomic():
        entry = _locked(entry)
        if entry.state != EntryState.AWAITING_APPROVAL:
            raise UnableToApprove(gettext("This proposal is not waiting for an approval any more."))
        _require_seen(seen, entry.version, entry_digest(entry))
        _confirm(actor, user, entry, act=ConfirmedAct.REFUSE, seen=seen, now=now)
        code = "withdrawn" if user.id == entry.proposed_by else "refused_by_person"
        end_entry(
            actor=actor,
            entry=entry,
            to=EntryState.REFUSED,
            code=code,
            reason=reason.strip(),
            now=now,
        )


def approve_renewal(
    *, actor: Actor, user: User, renewal: EntryRenewal, seen: Seen, now: datetime
) -> WatchlistEntry:
    """Give an entry a new term from now; a suspended one comes back.

    Raises UnableToApprove as `approve_entry` does.
    """
    _require_approver(user)
    with transaction.atomic():
        entry = _locked(renewal.entry)
        renewal = EntryRenewal.objects.select_for_update().get(id=renewal.id)
        _require_other(user, renewal.proposed_by)
        _require_other(user, entry.proposed_by)
        if renewal.settled_at is not None or entry.state not in IN_FORCE:
            raise UnableToApprove(gettext("This renewal is not waiting for an approval any more."))
        _require_seen(seen, entry.version, renewal_digest(renewal, entry))
        _require_renewable(entry, user, now=now)
        _confirm(actor, user, entry, act=ConfirmedAct.RENEW, seen=seen, renewal=renewal, now=now)
        EntryRenewal.objects.filter(id=renewal.id).update(approved_by=user.id, settled_at=now)
        _put_in_force(
            entry, user, valid_days=renewal.valid_days, review_days=renewal.review_days, now=now
        )
        FaceEmbedding.objects.filter(entry=entry).update(is_active=True)
        _record(actor, entry, Event.ENTRY_RENEWED, seen, renewal=str(renewal.id))
        tell_run(entry=entry, now=now)
    return entry


def refuse_renewal(
    *, actor: Actor, user: User, renewal: EntryRenewal, reason: str, now: datetime
) -> None:
    """Refuse a renewal: the entry runs out as it would have. Raises UnableToApprove."""
    if user.id != renewal.proposed_by:
        _require_approver(user)
    _require_reason(reason)
    with transaction.atomic():
        settled = EntryRenewal.objects.filter(id=renewal.id, settled_at__isnull=True).update(
            settled_at=now
        )
        if settled != 1:
            raise UnableToApprove(gettext("This renewal is not waiting for an approval any more."))
        record(
            actor=actor,
            event=Event.ENTRY_RENEWAL_REFUSED,
            subject=Subject("watchlist_entry", renewal.entry_id),
            reason=reason.strip(),
            details={"renewal": str(renewal.id)},
        )


def _require_approver(user: User) -> None:
    if not user.may(Permission.APPROVE_WATCHLIST):
        raise UnableToApprove(gettext("Your role does not allow approving a watchlist entry."))


def _require_other(user: User, proposed_by: object) -> None:
    if user.id == proposed_by:
        raise UnableToApprove(
            gettext("You proposed this yourself: another person has to approve it.")
        )


def _require_reason(reason: str) -> None:
    if len(reason.strip()) < SHORTEST_REASON:
        raise UnableToApprove(
            gettext("Say in at least %(shortest_reason)s characters why.")
            % {"shortest_reason": SHORTEST_REASON}
        )


def _require_seen(seen: Seen, version: int, digest: str) -> None:
    if (seen.version, seen.digest) != (version, digest):
        raise UnableToApprove(gettext(_CHANGED))


def _require_ground(entry: WatchlistEntry, user: User, *, now: datetime) -> None:
    gate = gate_of(user.tenant_id, now=now)
    if not gate.is_on:
        raise UnableToApprove(
            gettext("Watchlists are switched off. %(gate_why_off)s")
            % {"gate_why_off": gate.why_off}
        )
    if not still_rests_on_theft(entry):
        raise UnableToApprove(gettext("The confirmation behind this entry was corrected."))
    if has_open_objection(entry):
        raise UnableToApprove(gettext("Somebody objects to this entry; that is decided first."))


def _require_renewable(entry: WatchlistEntry, user: User, *, now: datetime) -> None:
    gate = gate_of(user.tenant_id, now=now)
    if not gate.is_on:
        raise UnableToApprove(
            gettext("Watchlists are switched off. %(gate_why_off)s")
            % {"gate_why_off": gate.why_off}
        )
    try:
        require_renewable(entry)
    except UnableToPropose as refusal:
        raise UnableToApprove(str(refusal)) from refusal


def _locked(entry: WatchlistEntry) -> WatchlistEntry:
    return WatchlistEntry.objects.select_for_update().get(id=entry.id)


def _confirm(
    actor: Actor,
    user: User,
    entry: WatchlistEntry,
    *,
    act: ConfirmedAct,
    seen: Seen,
    renewal: EntryRenewal | None = None,
    now: datetime,
) -> None:
    confirmation = EntryConfirmation.objects.create(
        tenant_id=entry.tenant_id,
        entry=entry,
        renewal=renewal,
        act=act,
        user_id=user.id,
        role=actor.role,
        session=actor.session,
        channel=actor.channel.value,
        proposed_by=renewal.proposed_by if renewal else entry.proposed_by,
        payload_digest=seen.digest,
        object_version=seen.version,
        confirmed_at=now,
    )
    record(
        actor=actor,
        event=Event.CONFIRMATION_RECORDED,
        subject=Subject("watchlist_entry", entry.id),
        details={
            "confirmation": str(confirmation.id),
            "act": act.value,
            "payload": seen.digest,
            "version": seen.version,
        },
    )


def _put_in_force(
    entry: WatchlistEntry, user: User, *, valid_days: int, review_days: int, now: datetime
) -> None:
    """What it rests on is read again: a corrected and confirmed anew alert has another confirmation."""
    standing = standing_theft(entry.alert_id)
    moved = WatchlistEntry.objects.filter(id=entry.id, version=entry.version).update(
        state=EntryState.ACTIVE,
        version=F("version") + 1,
        disposition_id=standing.id if standing else entry.disposition_id,
        approved_by=user.id,
        approved_at=now,
        expires_at=now + timedelta(days=valid_days),
        review_due_at=now + timedelta(days=review_days),
        reminded_at=None,
        suspended_at=None,
        ended_code="",
    )
    if moved != 1:
        raise UnableToApprove(gettext(_CHANGED))
    entry.refresh_from_db()


def _record(actor: Actor, entry: WatchlistEntry, event: Event, seen: Seen, **details: str) -> None:
    assert entry.expires_at is not None
    record(
        actor=actor,
        event=event,
        subject=Subject("watchlist_entry", entry.id),
        before={"version": seen.version},
        after={"version": entry.version, "expires": entry.expires_at.isoformat()},
        details={"version": entry.version, "payload": seen.digest} | details,
    )
