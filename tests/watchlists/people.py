"""Acts of the stories: a gate filled in, a proposal by the lead, an approval by compliance, a lead by a match."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.accounts.models import User
from apps.alerts.models import Alert, Disposition
from apps.audit.events import Actor, Channel
from apps.audit.models import InboxEntry
from apps.watchlists.models import EntryCategory, SightingLead, WatchlistEntry
from apps.watchlists.models.gate import LawfulBasis, SpecialCategoryCondition
from apps.watchlists.operations.advancing import advance_entry
from apps.watchlists.operations.approving import Seen, approve_entry
from apps.watchlists.operations.enrolment import (
    ImageFinding,
    StoredPicture,
    record_image_check,
    store_embedding,
)
from apps.watchlists.operations.gate import Basis, Dpia, SignOff, fill_gate
from apps.watchlists.operations.leads import raise_lead
from apps.watchlists.operations.proposing import ClipMoment, EntryProposal, Term, propose_entry
from apps.watchlists.queries.entries import entry_digest
from apps.watchlists.queries.gate import gate_of
from tests.world import NOW, World, make_waiting_alert

MODEL = "0" * 64
NECESSITY = "Three thefts in two weeks at this store; staff warnings did not help."
SERIOUS = "Goods of high value were taken on each of the three days."


def actor(user: User) -> Actor:
    return Actor(tenant_id=user.tenant_id, user_id=user.id, role=user.role, channel=Channel.SCREEN)


def events_of(kind: str) -> list[InboxEntry]:
    """The events of a kind this transaction has told."""
    return list(InboxEntry.objects.filter(event=kind).order_by("id"))


def fill(user: User, *, now: datetime = NOW, days: int = 400) -> None:
    """All three steps of the gate."""
    for change in (
        Basis(
            lawful_basis=LawfulBasis.LEGITIMATE_INTERESTS,
            special_category_condition=SpecialCategoryCondition.SUBSTANTIAL_PUBLIC_INTEREST,
            basis_text="Prevention of theft, as the national law on private security allows.",
        ),
        Dpia(dpia_version="2.1", dpia_on=(now - timedelta(days=20)).date()),
        SignOff(
            signatory="Data protection officer",
            signed_on=(now - timedelta(days=10)).date(),
            valid_until=(now + timedelta(days=days)).date(),
        ),
    ):
        latest = gate_of(user.tenant_id, now=now).latest
        fill_gate(
            actor=actor(user),
            user=user,
            change=change,
            instead_of=latest.version if latest else 0,
            now=now,
        )


def confirmed_alert(world: World, verdict: str = "theft_confirmed", **fields: Any) -> Alert:
    alert = make_waiting_alert(world.camera, **fields)
    Disposition.objects.create(
        tenant_id=alert.tenant_id,
        alert=alert,
        verdict=verdict,
        transfer_seen=verdict == "theft_confirmed" or None,
        decided_by=world.operator.id,
        decided_at=NOW,
    )
    return alert


def correct(world: World, entry: WatchlistEntry) -> None:
    """A second person supersedes the verdict behind an entry."""
    Disposition.objects.create(
        tenant_id=entry.tenant_id,
        alert_id=entry.alert_id,
        verdict="false_alarm",
        decided_by=world.lead.id,
        decided_at=NOW,
        supersedes=entry.disposition,
    )


def a_proposal(world: World, **changes: Any) -> EntryProposal:
    values: dict[str, Any] = {
        "category": EntryCategory.REPEATED_THEFT,
        "seriousness": SERIOUS,
        "necessity": NECESSITY,
        "site_ids": frozenset({world.site.id}),
        "term": Term(valid_days=90, review_days=30),
        "images": [ClipMoment(at_seconds=3.0, at_x=0.5, at_y=0.3)],
        "display_name": "man with red cap",
        "declared_adult": True,
        "declared_not_vulnerable": True,
        "declared_not_staff": True,
    }
    return EntryProposal(**values | changes)


def propose(
    world: World, alert: Alert | None = None, *, by: User | None = None, **changes: Any
) -> WatchlistEntry:
    user = by or world.lead
    return propose_entry(
        actor=actor(user),
        user=user,
        alert=alert or confirmed_alert(world),
        proposal=a_proposal(world, **changes),
        now=NOW,
    )


def check_images(entry: WatchlistEntry, *, passed: bool = True, now: datetime = NOW) -> None:
    """What the inference worker reports of each picture."""
    for image in entry.images.all():
        record_image_check(
            entry_id=entry.id,
            image_id=image.id,
            findings=[
                ImageFinding(code="one_face", passed=True, measured=1, needed=1),
                ImageFinding(code="face_pixels", passed=passed, measured=48, needed=40),
            ],
            quality=0.8,
            stored=StoredPicture(
                key=f"test/{image.id}.jpg", sha256="a" * 64, width=200, height=200
            ),
            now=now,
        )


def checked(world: World, **changes: Any) -> WatchlistEntry:
    """A proposal whose checks have passed."""
    entry = propose(world, **changes)
    advance_entry(entry_id=entry.id, now=NOW)
    check_images(entry)
    advance_entry(entry_id=entry.id, now=NOW)
    entry.refresh_from_db()
    return entry


def seen(entry: WatchlistEntry) -> Seen:
    return Seen(version=entry.version, digest=entry_digest(entry))


def approve(entry: WatchlistEntry, user: User, *, now: datetime = NOW) -> WatchlistEntry:
    return approve_entry(actor=actor(user), user=user, entry=entry, seen=seen(entry), now=now)


def a_vector(seed: int = 1) -> list[float]:
    chance = random.Random(seed)
    return [chance.uniform(-0.2, 0.2) for _ in range(128)]


def enrol(entry: WatchlistEntry, vector: Sequence[float] | None = None) -> None:
    for image in entry.images.all():
        store_embedding(
            entry_id=entry.id,
            image_id=image.id,
            vector=vector or a_vector(),
            model_id="dlib-face",
            model_sha256=MODEL,
            quality=0.8,
            now=NOW,
        )


def in_force(world: World, **changes: Any) -> WatchlistEntry:
    """Proposed by the lead, approved by compliance, enrolled."""
    entry = approve(checked(world, **changes), world.compliance)
    enrol(entry)
    return entry


def a_lead(
    world: World, entry: WatchlistEntry, *, alert: Alert | None = None, key: str = "test/crop.jpg"
) -> SightingLead:
    lead = match(entry, (alert or make_waiting_alert(world.camera)).id, key=key)
    assert lead is not None
    return lead


def match(
    entry: WatchlistEntry, alert_id: UUID, *, key: str = "test/crop.jpg"
) -> SightingLead | None:
    return raise_lead(
        entry_id=entry.id,
        alert_id=alert_id,
        seconds=4.0,
        crop_key=key,
        score=0.41,
        threshold=0.5,
        quality=0.7,
        error_rate=0.001,
        error_rate_source="pairs of different people of a public set, n = 10,000",
        model_id="dlib-face",
        model_sha256=MODEL,
        entries_compared=3,
        now=NOW,
    )
