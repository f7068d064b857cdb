"""`manage.py raise_alert`: an alert by hand, through the same door as a detector's."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.alerts.intake import NotAnAlert, raised_by_person
from apps.alerts.models import Alert
from apps.alerts.operations import Received, UnableToReceive, receive_alert
from apps.alerts.queries import camera_named, clip_of
from apps.alerts.spool import SpooledClip, UnableToSpool, discard, spool_clip
from apps.alerts.strict_json import NotStrictJson, read_json
from apps.audit.events import Actor
from apps.triage.states import AlertState

CHUNK_BYTES = 1024 * 1024
LOOK_SECONDS = 0.3
UNDER_WAY = {AlertState.RECEIVED, AlertState.ANALYSING}


class Command(BaseCommand):
    help = "Raise an alert, with a clip or without. The same --key again is the same alert."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--camera", required=True, help="the camera's name in addresses, or id")
        parser.add_argument("--clip", type=Path, help="a video file")
        parser.add_argument("--label", default="item_to_bag", help="what was observed")
        parser.add_argument("--score", type=float, help="a detector's score, 0 to 1")
        parser.add_argument("--signals", default="", help="named signals as JSON")
        parser.add_argument("--note", default="", help="what was seen, in words")
        parser.add_argument(
            "--tenant", default="", help="slug; needed when the camera is not unique"
        )
        parser.add_argument("--key", default="", help="makes repeating the command one alert")
        parser.add_argument("--wait", action="store_true", help="wait until it is with a person")
        parser.add_argument("--patience", type=float, default=120.0, help="seconds for --wait")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = _tenant_of(options["camera"], slug=options["tenant"])
        clip = _spooled(options["clip"]) if options["clip"] else None
        received = _receive(tenant, clip, options)
        facts = _facts(received.alert) | {"created": received.created}
        if options["wait"]:
            facts |= _wait(tenant, received.alert.id, patience_seconds=options["patience"])
        self.stdout.write(json.dumps(facts) if options["json"] else _in_words(facts))


def _tenant_of(camera: str, *, slug: str) -> Tenant:
    """The one tenant with that camera: rows of other tenants are invisible, so each is asked."""
    tenants = Tenant.objects.filter(slug=slug) if slug else Tenant.objects.all()
    found = [tenant for tenant in tenants if _has(tenant, camera)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise CommandError(f"No camera is called {camera!r}.")
    names = ", ".join(tenant.slug for tenant in found)
    raise CommandError(f"{camera!r} exists in several tenants ({names}): say which with --tenant.")


def _has(tenant: Tenant, camera: str) -> bool:
    with tenant_scope(tenant.id):
        return camera_named(camera, tenant_id=tenant.id) is not None


def _spooled(path: Path) -> SpooledClip:
    try:
        clip = spool_clip(_chunks(path), original_name=path.name)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except UnableToSpool as error:
        raise CommandError(str(error)) from error
    if clip.refused_code:
        raise CommandError(f"{path}: {clip.refused_reason}")
    return clip


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _receive(tenant: Tenant, clip: SpooledClip | None, options: dict[str, Any]) -> Received:
    try:
        intake = raised_by_person(
            key=options["key"] or f"command-{uuid4().hex}",
            camera=options["camera"],
            label=options["label"],
            camera_at=timezone.now(),
            camera_at_is_now=True,
            note=options["note"],
            score=options["score"],
            signals=read_json(options["signals"].encode()) if options["signals"] else None,
            clip_sha256=clip.sha256 if clip else "",
            clip_name=clip.original_name if clip else "",
        )
    except (NotAnAlert, NotStrictJson, ValueError) as error:
        discard(clip.spool_name if clip else "")
        raise CommandError(str(error)) from error
    with tenant_scope(tenant.id):
        try:
            return receive_alert(
                actor=Actor.system(tenant.id), intake=intake, clip=clip, now=timezone.now()
            )
        except UnableToReceive as refusal:
            refused = refusal.sentence
    raise CommandError(refused)


def _wait(tenant: Tenant, alert_id: UUID, *, patience_seconds: float) -> dict[str, Any]:
    """Follow the alert until it left analysis or failed a step, or patience ends."""
    deadline = time.monotonic() + patience_seconds
    while True:
        with tenant_scope(tenant.id):
            alert = Alert.objects.select_related("clip").get(id=alert_id)
        if alert.state not in UNDER_WAY or alert.failed_step or time.monotonic() > deadline:
            return _facts(alert)
        time.sleep(LOOK_SECONDS)


def _facts(alert: Alert) -> dict[str, Any]:
    clip = clip_of(alert)
    return {
        "id": str(alert.id),
        "reference": alert.reference,
        "url": settings.PUBLIC_URL + reverse("alert", args=[alert.id]),
        "state": alert.state,
        "strategy": alert.strategy,
        "stage": alert.stage,
        "failed_step": alert.failed_step,
        "failed_reason": alert.failed_reason,
        "clip": clip.state if clip else None,
    }


def _in_words(facts: dict[str, Any]) -> str:
    happened = "" if facts["created"] else " (raised before)"
    state = str(facts["state"]).replace("_", " ")
    failed = (
        f"\n{facts['failed_step']} failed: {facts['failed_reason']}" if facts["failed_step"] else ""
    )
    return f"{facts['reference']}{happened}: {state}\n{facts['url']}{failed}"
