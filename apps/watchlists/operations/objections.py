"""The person objects: stopped at once, decided by somebody who answers for the law, and erased when they are right."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.watchlists.models import EntryObjection, WatchlistEntry
from apps.watchlists.operations.ending import (
    SHORTEST_REASON,
    UnableToStop,
    erase_entry,
    suspend_entry,
)


def record_objection(
    *, actor: Actor, user: User, entry: WatchlistEntry, reason: str, now: datetime
) -> EntryObjection:
    """Write down that the person objects; an entry in force is suspended in the same transaction.

    `reason` goes into the audit record with a commitment, not into the row. Raises UnableToStop
    without permission or words, for an erased entry and when one is open already.
    """
    if not user.may(Permission.VIEW_WATCHLIST):
        raise UnableToStop(gettext("Your role does not allow recording an objection."))
    _require_words(reason)
    with transaction.atomic():
        entry = WatchlistEntry.objects.select_for_update().get(id=entry.id)
        if entry.erased_at is not None:
            raise UnableToStop(gettext("This entry is erased already."))
        if entry.objections.filter(decided_at__isnull=True).exists():
            raise UnableToStop(gettext("An objection is open already."))
        objection = EntryObjection.objects.create(
            tenant_id=entry.tenant_id, entry=entry, received_at=now, recorded_by=user.id
        )
        record(
            actor=actor,
            event=Event.ENTRY_OBJECTION_RECEIVED,
            subject=Subject("watchlist_entry", entry.id),
            reason=reason.strip(),
            details={"objection": str(objection.id)},
        )
        suspend_entry(actor=actor, entry=entry, code="objection", now=now)
    return objection


def decide_objection(
    *,
    actor: Actor,
    user: User,
    objection: EntryObjection,
    is_upheld: bool,
    reason: str,
    now: datetime,
) -> None:
    """Decide it. Upheld, everything about the person is erased; rejected, the entry stays suspended.

    A suspended entry comes back by a renewal that another person approves. Raises UnableToStop without
    permission or words, and when it is decided already.
    """
    if not user.may(Permission.MANAGE_LEGAL_GATE):
        raise UnableToStop(gettext("Your role does not allow deciding an objection."))
    _require_words(reason)
    with transaction.atomic():
        decided = EntryObjection.objects.filter(id=objection.id, decided_at__isnull=True).update(
            decided_at=now, decided_by=user.id, is_upheld=is_upheld
        )
        if decided != 1:
            raise UnableToStop(gettext("This objection is decided already."))
        record(
            actor=actor,
            event=Event.ENTRY_OBJECTION_DECIDED,
            subject=Subject("watchlist_entry", objection.entry_id),
            reason=reason.strip(),
            details={"objection": str(objection.id), "upheld": is_upheld},
        )
        if is_upheld:
            entry = WatchlistEntry.objects.get(id=objection.entry_id)
            if entry.erased_at is None:
                erase_entry(actor=actor, user=user, entry=entry, reason=reason, now=now)


def _require_words(reason: str) -> None:
    if len(reason.strip()) < SHORTEST_REASON:
        raise UnableToStop(
            gettext("Say in at least %(shortest_reason)s characters what was said.")
            % {"shortest_reason": SHORTEST_REASON}
        )
