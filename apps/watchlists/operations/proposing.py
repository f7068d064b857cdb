"""Proposing an entry, and asking for a renewal: one person's statement of why, for another one to decide on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert, Disposition
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.people.operations import UnableToName, make_person
from apps.sites.queries import sites_visible_to
from apps.watchlists.models import (
    EntryCategory,
    EntryImage,
    EntryName,
    EntryRenewal,
    EntrySite,
    WatchlistEntry,
)
from apps.watchlists.models.entries import LONGEST_TERM_DAYS
from apps.watchlists.models.faces import ImageSource
from apps.watchlists.operations.runs import promise_run
from apps.watchlists.queries.entries import (
    IN_FORCE,
    entry_digest,
    has_open_objection,
    standing_theft,
)
from apps.watchlists.queries.gate import gate_of

SHORTEST_WORDS: Final = 20
LONGEST_NAME: Final = 80
LONGEST_WORDS: Final = 2000
MOST_IMAGES: Final = 3


class UnableToPropose(Exception):
    """Nothing was proposed; the message says why."""


@dataclass(frozen=True, kw_only=True)
class ClipMoment:
    """A face in the alert's clip: seconds from its start, and where it is as shares of width and height."""

    at_seconds: float
    at_x: float
    at_y: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.at_seconds) or self.at_seconds < 0:
            raise UnableToPropose(
                gettext("The moment of the clip is a number of seconds from its start.")
            )
        if not (0 <= self.at_x <= 1 and 0 <= self.at_y <= 1):
            raise UnableToPropose(gettext("Say where the face is, as shares of width and height."))


@dataclass(frozen=True, kw_only=True)
class UploadedPicture:
    """A picture already in the store, under `key`, as the store hashed it."""

    image_id: UUID
    key: str
    sha256: str
    width: int
    height: int


ProposedImage = ClipMoment | UploadedPicture


@dataclass(frozen=True, kw_only=True)
class Term:
    """How long it holds and when somebody must look again, in days from the approval."""

    valid_days: int
    review_days: int

    def __post_init__(self) -> None:
        if not 1 <= self.review_days <= self.valid_days <= LONGEST_TERM_DAYS:
            raise UnableToPropose(
                gettext(
                    "An entry holds at most %(longest_term_days)s days, with a review before it ends."
                )
                % {"longest_term_days": LONGEST_TERM_DAYS}
            )


@dataclass(frozen=True, kw_only=True)
class EntryProposal:
    """Everything a proposal says. The declarations are the proposer's own."""

    category: EntryCategory
    seriousness: str
    necessity: str
    site_ids: frozenset[UUID]
    term: Term
    images: Sequence[ProposedImage]
    display_name: str = ""
    incident_id: UUID | None = None
    declared_adult: bool = False
    declared_not_vulnerable: bool = False
    declared_not_staff: bool = False

    def __post_init__(self) -> None:
        require_words(self.seriousness, "how serious it was")
        require_words(self.necessity, "why nothing milder will do")
        if not self.site_ids:
            raise UnableToPropose(gettext("Choose the sites it applies to."))
        if not 1 <= len(self.images) <= MOST_IMAGES:
            raise UnableToPropose(
                gettext("An entry needs one picture and at most %(most_images)s.")
                % {"most_images": MOST_IMAGES}
            )
        if not (self.declared_adult and self.declared_not_vulnerable and self.declared_not_staff):
            raise UnableToPropose(
                gettext("Minors, vulnerable people and staff are never entered: declare all three.")
            )


def require_words(text: str, what: str) -> None:
    """Raise UnableToPropose unless `text` says something and can be stored."""
    if not SHORTEST_WORDS <= len(text.strip()) <= LONGEST_WORDS or "\x00" in text:
        raise UnableToPropose(
            gettext("Say %(what)s, in %(shortest_words)s to %(longest_words)s characters.")
            % {"what": what, "shortest_words": SHORTEST_WORDS, "longest_words": LONGEST_WORDS}
        )


def propose_entry(
    *,
    actor: Actor,
    user: User,
    alert: Alert,
    proposal: EntryProposal,
    now: datetime,
    entry_id: UUID | None = None,
) -> WatchlistEntry:
    """Store a proposal and promise its workflow. Nothing is compared before somebody else approves.

    `entry_id` is for a picture stored under the entry's key before. Raises UnableToPropose without
    permission, with the gate shut, when no standing confirmation of theft is behind the alert, for
    sites the person does not work at, and when the alert has an open entry already. Runs inside the
    tenant's scope.
    """
    if not user.may(Permission.PROPOSE_WATCHLIST):
        raise UnableToPropose(gettext("Your role does not allow proposing an entry."))
    gate = gate_of(user.tenant_id, now=now)
    if gate.latest is None or not gate.is_on:
        raise UnableToPropose(
            gettext("Watchlists are switched off. %(gate_why_off)s")
            % {"gate_why_off": gate.why_off}
        )
    disposition = _theft_behind(alert)
    visible = set(sites_visible_to(user).values_list("id", flat=True))
    if alert.site_id not in visible or not proposal.site_ids <= visible:
        raise UnableToPropose(gettext("You can propose for the sites you work at only."))
    try:
        with transaction.atomic():
            entry = WatchlistEntry.objects.create(
                id=entry_id or uuid4(),
                tenant_id=user.tenant_id,
                alert=alert,
                disposition=disposition,
                gate=gate.latest,
                incident_id=proposal.incident_id,
                category=proposal.category,
                seriousness=proposal.seriousness.strip(),
                necessity=proposal.necessity.strip(),
                declared_adult=proposal.declared_adult,
                declared_not_vulnerable=proposal.declared_not_vulnerable,
                declared_not_staff=proposal.declared_not_staff,
                valid_days=proposal.term.valid_days,
                review_days=proposal.term.review_days,
                proposed_by=user.id,
                proposed_at=now,
            )
            _write_parts(actor, entry, proposal, now=now)
            promise_run(entry=entry, now=now)
            _record_proposed(actor, entry)
    except IntegrityError as error:
        if "one_open_entry_per_alert" in str(error):
            raise UnableToPropose(gettext("This alert has an open entry already.")) from error
        raise
    return entry


def propose_renewal(
    *, actor: Actor, user: User, entry: WatchlistEntry, necessity: str, term: Term, now: datetime
) -> EntryRenewal:
    """Ask for a new term, for an entry in force or suspended. Another person decides.

    Raises UnableToPropose without permission or words, with the gate shut, when the entry is not in
    force, when its confirmation was corrected or somebody objects, and when one is asked already.
    """
    if not user.may(Permission.PROPOSE_WATCHLIST):
        raise UnableToPropose(gettext("Your role does not allow proposing a renewal."))
    require_words(necessity, "why it is still needed")
    gate = gate_of(user.tenant_id, now=now)
    if not gate.is_on:
        raise UnableToPropose(
            gettext("Watchlists are switched off. %(gate_why_off)s")
            % {"gate_why_off": gate.why_off}
        )
    with transaction.atomic():
        entry = WatchlistEntry.objects.select_for_update().get(id=entry.id)
        require_renewable(entry)
        if entry.renewals.filter(settled_at__isnull=True).exists():
            raise UnableToPropose(gettext("A renewal is asked for already."))
        renewal = EntryRenewal.objects.create(
            tenant_id=entry.tenant_id,
            entry=entry,
            necessity=necessity.strip(),
            valid_days=term.valid_days,
            review_days=term.review_days,
            proposed_by=user.id,
            proposed_at=now,
        )
        record(
            actor=actor,
            event=Event.ENTRY_RENEWAL_PROPOSED,
            subject=Subject("watchlist_entry", entry.id),
            details={"renewal": str(renewal.id), "version": entry.version},
        )
    return renewal


def require_renewable(entry: WatchlistEntry) -> None:
    """Raise UnableToPropose unless the entry may go on at all."""
    if entry.state not in IN_FORCE:
        raise UnableToPropose(gettext("Only an entry in force can be renewed."))
    standing = standing_theft(entry.alert_id)
    if standing is None:
        raise UnableToPropose(gettext("The confirmation behind this entry was corrected."))
    if has_open_objection(entry):
        raise UnableToPropose(gettext("Somebody objects to this entry; that is decided first."))


def _theft_behind(alert: Alert) -> Disposition:
    found = standing_theft(alert)
    if found is None:
        raise UnableToPropose(
            gettext("Only an alert that a person confirmed as theft can be behind it.")
        )
    return found


def _write_parts(
    actor: Actor, entry: WatchlistEntry, proposal: EntryProposal, *, now: datetime
) -> None:
    EntrySite.objects.bulk_create(
        EntrySite(tenant_id=entry.tenant_id, entry=entry, site_id=site_id)
        for site_id in sorted(proposal.site_ids)
    )
    if proposal.display_name.strip():
        name = proposal.display_name.strip()[:LONGEST_NAME]
        try:
            person = make_person(actor=actor, tenant_id=entry.tenant_id, name=name, now=now)
        except UnableToName as refusal:
            raise UnableToPropose(str(refusal)) from refusal
        EntryName.objects.create(entry=entry, tenant_id=entry.tenant_id, person=person)
    for image in proposal.images:
        _write_image(entry, image, now=now)


def _write_image(entry: WatchlistEntry, image: ProposedImage, *, now: datetime) -> None:
    if isinstance(image, ClipMoment):
        EntryImage.objects.create(
            id=uuid4(),
            tenant_id=entry.tenant_id,
            entry=entry,
            source=ImageSource.CLIP,
            at_seconds=image.at_seconds,
            at_x=image.at_x,
            at_y=image.at_y,
            created_at=now,
        )
        return
    EntryImage.objects.create(
        id=image.image_id,
        tenant_id=entry.tenant_id,
        entry=entry,
        source=ImageSource.UPLOAD,
        key=image.key,
        sha256=image.sha256,
        width=image.width,
        height=image.height,
        created_at=now,
    )


def _record_proposed(actor: Actor, entry: WatchlistEntry) -> None:
    record(
        actor=actor,
        event=Event.ENTRY_PROPOSED,
        subject=Subject("watchlist_entry", entry.id),
        after={"digest": entry_digest(entry)},
        details={
            "alert": str(entry.alert_id),
            "incident": str(entry.incident_id or ""),
            "gate": entry.gate.version,
            "days": entry.valid_days,
        },
    )
