"""Accepting alerts the way the product does: alert, clip and outbox in one transaction."""

import hashlib
from typing import Any
from uuid import uuid4

from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.alerts import outbox
from apps.alerts.intake import AlertIntake, ClipDelivery
from apps.alerts.models import Alert
from apps.alerts.operations import receive_alert
from apps.alerts.spool import spool_clip
from apps.audit.events import Actor
from tests.world import World


def accept(
    world: World,
    *,
    clip: bytes | None = None,
    delivery: ClipDelivery = ClipDelivery.NONE,
    **fields: Any,
) -> Alert:
    """One accepted alert; with `clip` its bytes are in the spool."""
    spooled = None if clip is None else spool_clip([clip], original_name="Señora García.mp4")
    intake = AlertIntake(
        key=f"msg_{uuid4().hex}",
        digest=hashlib.sha256(uuid4().bytes).hexdigest(),
        camera=world.camera.slug,
        label="item_to_bag",
        camera_at=timezone.now(),
        score=0.9,
        delivery=delivery if clip is None else ClipDelivery.MULTIPART,
        **fields,
    )
    with tenant_scope(world.tenant.id):
        received = receive_alert(
            actor=Actor.system(world.tenant.id), intake=intake, clip=spooled, now=timezone.now()
        )
    return received.alert


def sweep(world: World) -> int:
    """Start what waits, as the sweeper does (which sees every tenant; here one is enough)."""
    with tenant_scope(world.tenant.id):
        return outbox.start_waiting(now=timezone.now())
