"""Setting up the senders of alerts. A secret leaves this module once, when it is made."""

from datetime import datetime, timedelta

from apps.alerts.models import DetectorSource
from apps.alerts.signing import new_secret, seal
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record

ROTATION_GRACE = timedelta(hours=24)


def create_source(*, actor: Actor, name: str) -> tuple[DetectorSource, str]:
    """Add a sender; returns it and its signing secret, shown this once. Raises ValidationError."""
    secret = new_secret()
    source = DetectorSource(tenant_id=actor.tenant_id, name=name, secret_sealed=seal(secret))
    source.full_clean()
    source.save(force_insert=True)
    record(
        actor=actor,
        event=Event.SOURCE_CREATED,
        subject=Subject("source", source.id),
        after={"name": name},
    )
    return source, secret


def rotate_secret(
    *,
    actor: Actor,
    source: DetectorSource,
    now: datetime,
    grace: timedelta = ROTATION_GRACE,
) -> str:
    """Give the sender a new secret; the old one is accepted until `now + grace` (0: at once not)."""
    secret = new_secret()
    source.previous_secret_sealed = source.secret_sealed if grace else None
    source.previous_valid_until = now + grace if grace else None
    source.secret_sealed = seal(secret)
    source.save(update_fields=["secret_sealed", "previous_secret_sealed", "previous_valid_until"])
    record(
        actor=actor,
        event=Event.SOURCE_SECRET_ROTATED,
        subject=Subject("source", source.id),
        details={"grace_seconds": int(grace.total_seconds())},
    )
    return secret


def switch_off_source(*, actor: Actor, source: DetectorSource) -> None:
    """Refuse everything from this sender from the next request on."""
    _switched(actor, source, on=False)


def switch_on_source(*, actor: Actor, source: DetectorSource) -> str:
    """Hear this sender again, under a new secret, shown this once: the old ones may have gone astray meanwhile."""
    secret = new_secret()
    source.secret_sealed = seal(secret)
    source.previous_secret_sealed = source.previous_valid_until = None
    source.save(update_fields=["secret_sealed", "previous_secret_sealed", "previous_valid_until"])
    _switched(actor, source, on=True)
    return secret


def _switched(actor: Actor, source: DetectorSource, *, on: bool) -> None:
    before, source.is_active = source.is_active, on
    source.save(update_fields=["is_active"])
    record(
        actor=actor,
        event=Event.SOURCE_CHANGED,
        subject=Subject("source", source.id),
        before={"is_active": before},
        after={"is_active": on},
    )
