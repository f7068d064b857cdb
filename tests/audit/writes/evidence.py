"""Writes about evidence: holds, periods, checks."""

import io

from apps.audit.events import Actor, Event
from apps.evidence.models import EvidenceItem, EvidenceKind, Hold, RetentionRules
from apps.evidence.operations import acquire_item
from apps.evidence.operations.holds import place_hold
from apps.evidence.operations.periods import draft_periods
from apps.evidence.retention_rules import DEFAULT_RULES
from apps.storage.store import media_store
from tests.audit.writes import Story, Write, call, post
from tests.evidence.scene import compliance_of, lead_of
from tests.world import NOW, World, make_waiting_alert

REASON = "The police asked for it on the phone."
DAYS = {category.value: days for category, days in DEFAULT_RULES.days.items()}


def an_item(world: World) -> EvidenceItem:
    store, alert = media_store(), make_waiting_alert(world.camera)
    stored = store.put_stream(
        key=f"tenants/{world.tenant.id}/{alert.id}", stream=io.BytesIO(b"film"), length=4
    )
    return acquire_item(
        actor=Actor.system(world.tenant.id),
        alert=alert,
        kind=EvidenceKind.MASTER,
        bucket=store.bucket,
        stored=stored,
        media_type="video/mp4",
        now=NOW,
    )


def a_hold(world: World) -> Hold:
    item = an_item(world)
    return place_hold(actor=lead_of(world), item_ids=[item.id], reason=REASON, now=NOW)[0]


def a_draft(world: World) -> RetentionRules:
    return draft_periods(
        actor=compliance_of(world), days=DEFAULT_RULES.days, reason=REASON, now=NOW
    )


def _hold(world: World) -> Write:
    path = f"/holds/new/item/{an_item(world).id}/"
    return post(world.lead, path, {"reason": REASON}, event=Event.EVIDENCE_HELD)


def _release(world: World) -> Write:
    path = f"/holds/{a_hold(world).id}/"
    return post(world.lead, path, {"reason": REASON}, event=Event.EVIDENCE_HOLD_RELEASED)


def _check(world: World) -> Write:
    path = f"/evidence/{an_item(world).id}/check/"
    return post(world.operator, path, event=Event.EVIDENCE_CHECKED)


def _draft(world: World) -> Write:
    stated = DAYS | {"reason": REASON}
    return post(world.compliance, "/retention/draft/", stated, event=Event.RETENTION_DRAFTED)


def _activate(world: World) -> Write:
    path = f"/retention/versions/{a_draft(world).id}/activate/"
    return post(world.compliance, path, event=Event.RETENTION_ACTIVATED)


def _discard(world: World) -> Write:
    path = f"/retention/versions/{a_draft(world).id}/discard/"
    return post(world.compliance, path, event=Event.RETENTION_DISCARDED)


def _api_hold(world: World) -> Write:
    body = {"item": str(an_item(world).id), "reason": REASON}
    return call(world.lead, "/api/v1/holds/", body, event=Event.EVIDENCE_HELD)


def _api_release(world: World) -> Write:
    path = f"/api/v1/holds/{a_hold(world).id}/release/"
    return call(world.lead, path, {"reason": REASON}, event=Event.EVIDENCE_HOLD_RELEASED)


def _api_check(world: World) -> Write:
    path = f"/api/v1/evidence/{an_item(world).id}/check/"
    return call(world.operator, path, event=Event.EVIDENCE_CHECKED)


def _api_draft(world: World) -> Write:
    body = {"days": DAYS, "reason": REASON}
    return call(world.compliance, "/api/v1/retention/", body, event=Event.RETENTION_DRAFTED)


def _api_activate(world: World) -> Write:
    path = f"/api/v1/retention/versions/{a_draft(world).id}/activate/"
    return call(world.compliance, path, event=Event.RETENTION_ACTIVATED)


STORIES: dict[str, Story] = {
    "POST hold-place": _hold,
    "POST hold": _release,
    "POST evidence-check": _check,
    "POST retention-draft": _draft,
    "POST retention-activate": _activate,
    "POST retention-discard": _discard,
    "POST api-holds": _api_hold,
    "POST api-hold-release": _api_release,
    "POST api-evidence-check": _api_check,
    "POST api-retention": _api_draft,
    "POST api-retention-activate": _api_activate,
}
