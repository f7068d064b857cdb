"""Stopping: suspended, ended or erased; vectors, pictures and open leads go with it. One person, or time, is enough."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.people.operations import destroy_key
from apps.people.queries import is_referred_to
from apps.triage.states import ENTRY, EntryState, LeadState
from apps.watchlists.models import (
    DiscardedObject,
    EntryImage,
    EntryName,
    EntryRenewal,
    FaceEmbedding,
    LeadJudgement,
    Sighting,
    SightingLead,
    WatchlistEntry,
)
from apps.watchlists.operations.runs import tell_run
from apps.watchlists.queries.entries import standing_theft

SHORTEST_REASON: Final = 10
_EVENTS: Final = {
    EntryState.SUSPENDED: Event.ENTRY_SUSPENDED,
    EntryState.EXPIRED: Event.ENTRY_EXPIRED,
    EntryState.DISABLED: Event.ENTRY_DISABLED,
    EntryState.REFUSED: Event.ENTRY_REFUSED,
}
_BEFORE_APPROVAL: Final = (
    EntryState.PROPOSED,
    EntryState.CHECKING,
    EntryState.AWAITING_APPROVAL,
)


class UnableToStop(Exception):
    """The entry stays as it is; the message says why."""


def suspend_entry(*, actor: Actor, entry: WatchlistEntry, code: str, now: datetime) -> bool:
    """Stop comparing at once; coming back needs another person's approval. False when it was not in force."""
    with transaction.atomic():
        if not _move(entry, EntryState.SUSPENDED, suspended_at=now, ended_code=code):
            return False
        FaceEmbedding.objects.filter(entry=entry).update(is_active=False)
        close_leads(entry=entry, code="entry_suspended", now=now)
        _record(actor, entry, Event.ENTRY_SUSPENDED, code=code)
        tell_run(entry=entry, now=now)
    return True


def end_entry(
    *,
    actor: Actor,
    entry: WatchlistEntry,
    to: EntryState,
    code: str,
    reason: str = "",
    now: datetime,
) -> bool:
    """Refuse, disable or expire: the row stays as a tombstone, name, pictures and vectors go.

    False when the entry cannot move there any more. Runs inside the tenant's scope.
    """
    with transaction.atomic():
        if not _move(entry, to, ended_at=now, ended_code=code):
            return False
        _destroy_face_data(actor, entry, now=now)
        close_leads(entry=entry, code="entry_ended", now=now)
        EntryRenewal.objects.filter(entry=entry, settled_at__isnull=True).update(settled_at=now)
        _record(actor, entry, _EVENTS[to], code=code, reason=reason)
        tell_run(entry=entry, now=now)
    return True


def disable_entry(
    *, actor: Actor, user: User, entry: WatchlistEntry, reason: str, now: datetime
) -> None:
    """A person stops an entry for good. Raises UnableToStop without permission or reason, or when it has ended."""
    if not (user.may(Permission.APPROVE_WATCHLIST) or user.may(Permission.PROPOSE_WATCHLIST)):
        raise UnableToStop(gettext("Your role does not allow stopping an entry."))
    if len(reason.strip()) < SHORTEST_REASON:
        raise UnableToStop(
            gettext("Say in at least %(shortest_reason)s characters why.")
            % {"shortest_reason": SHORTEST_REASON}
        )
    if not end_entry(
        actor=actor,
        entry=entry,
        to=EntryState.DISABLED,
        code="by_person",
        reason=reason.strip(),
        now=now,
    ):
        raise UnableToStop(gettext("This entry has ended already."))


def suspend_for(*, actor: Actor, alert: Alert | UUID, now: datetime) -> int:
    """The confirmation of `alert` was corrected: suspend what is in force because of it, refuse what is proposed.

    Call it in the transaction of the correction. Returns how many entries it touched.
    """
    alert_id = alert.id if isinstance(alert, Alert) else alert
    touched = 0
    for entry in WatchlistEntry.objects.select_for_update().filter(alert_id=alert_id):
        if entry.state == EntryState.ACTIVE:
            touched += suspend_entry(
                actor=actor, entry=entry, code="confirmation_corrected", now=now
            )
        elif entry.state in _BEFORE_APPROVAL:
            touched += end_entry(
                actor=actor,
                entry=entry,
                to=EntryState.REFUSED,
                code="confirmation_corrected",
                now=now,
            )
    return touched


def still_rests_on_theft(entry: WatchlistEntry) -> bool:
    """Whether the confirmation the entry was made on is still the one that counts."""
    standing = standing_theft(entry.alert_id)
    return standing is not None and standing.id == entry.disposition_id


def erase_entry(
    *, actor: Actor, user: User, entry: WatchlistEntry, reason: str, now: datetime
) -> None:
    """Destroy everything about the person: name, words, pictures, vectors, leads, judgements and sightings.

    The opaque row, its confirmations and the audit chain stay, and the chain still verifies. Raises
    UnableToStop without permission or reason, or when it is erased already.
    """
    if not user.may(Permission.MANAGE_LEGAL_GATE):
        raise UnableToStop(gettext("Your role does not allow erasing a person's data."))
    if len(reason.strip()) < SHORTEST_REASON:
        raise UnableToStop(
            gettext("Say in at least %(shortest_reason)s characters why.")
            % {"shortest_reason": SHORTEST_REASON}
        )
    with transaction.atomic():
        entry = WatchlistEntry.objects.select_for_update().get(id=entry.id)
        if entry.erased_at is not None:
            raise UnableToStop(gettext("This entry is erased already."))
        if ENTRY.allows(entry.state, EntryState.DISABLED):
            end_entry(actor=actor, entry=entry, to=EntryState.DISABLED, code="erased", now=now)
        WatchlistEntry.objects.filter(id=entry.id).update(
            erased_at=now, seriousness="", necessity="", findings=[], check_note=""
        )
        EntryRenewal.objects.filter(entry=entry).update(necessity="")
        _destroy_face_data(actor, entry, now=now)
        _destroy_sightings(entry, now=now)
        _record(actor, entry, Event.ENTRY_ERASED, code="erased", reason=reason.strip())


def close_leads(*, entry: WatchlistEntry, code: str, now: datetime) -> None:
    """No more judging of an entry that is not in force; the pictures of its open leads go."""
    for lead in SightingLead.objects.select_for_update().filter(
        entry=entry, state__in=[LeadState.OPEN, LeadState.JUDGED_ONCE]
    ):
        close_lead(actor=Actor.system(entry.tenant_id), lead=lead, code=code, now=now)


def close_lead(*, actor: Actor, lead: SightingLead, code: str, now: datetime) -> None:
    """The face was not found to be the entry's: its picture goes. With the lead's row locked."""
    discard(tenant_id=lead.tenant_id, key=lead.crop_key, now=now)
    SightingLead.objects.filter(id=lead.id).update(
        state=LeadState.CLOSED, closed_code=code, settled_at=now, crop_key=""
    )
    record(
        actor=actor,
        event=Event.LEAD_CLOSED,
        subject=Subject("sighting_lead", lead.id),
        details={"entry": str(lead.entry_id), "code": code},
    )


def discard(*, tenant_id: UUID, key: str, now: datetime) -> None:
    """Promise to delete an object; the store may be away."""
    if key:
        DiscardedObject.objects.get_or_create(
            key=key, defaults={"tenant_id": tenant_id, "discarded_at": now}
        )


def _move(entry: WatchlistEntry, to: EntryState, **changes: object) -> bool:
    sources = ENTRY.sources_of(to)
    moved = WatchlistEntry.objects.filter(id=entry.id, state__in=sources).update(
        state=to, version=F("version") + 1, **changes
    )
    if moved == 1:
        entry.refresh_from_db()
    return moved == 1


def _destroy_face_data(actor: Actor, entry: WatchlistEntry, *, now: datetime) -> None:
    FaceEmbedding.objects.filter(entry=entry).delete()
    images = EntryImage.objects.filter(entry=entry)
    for key in images.exclude(key="").values_list("key", flat=True):
        discard(tenant_id=entry.tenant_id, key=key, now=now)
    images.delete()
    _destroy_name(actor, entry, now=now)


def _destroy_name(actor: Actor, entry: WatchlistEntry, *, now: datetime) -> None:
    """The name goes, and with it the person's key when nothing else speaks of the person."""
    for named in EntryName.objects.filter(entry=entry).select_related("person"):
        person = named.person
        named.delete()
        if not person.is_erased and not is_referred_to(person):
            destroy_key(actor=actor, person=person, reason="The watchlist entry ended.", now=now)


def _destroy_sightings(entry: WatchlistEntry, *, now: datetime) -> None:
    leads = SightingLead.objects.filter(entry=entry)
    for key in leads.exclude(crop_key="").values_list("crop_key", flat=True):
        discard(tenant_id=entry.tenant_id, key=key, now=now)
    Sighting.objects.filter(entry=entry).delete()
    LeadJudgement.objects.filter(lead__entry=entry).delete()
    leads.delete()


def _record(
    actor: Actor, entry: WatchlistEntry, event: Event, *, code: str, reason: str = ""
) -> None:
    record(
        actor=actor,
        event=event,
        subject=Subject("watchlist_entry", entry.id),
        reason=reason,
        details={"code": code, "version": entry.version},
    )
