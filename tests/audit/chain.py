"""What audit stories are made of: events told, chained and read back."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from django.conf import settings

from apps.accounts.tenancy import tenant_scope
from apps.audit.archive import store_next
from apps.audit.events import Actor, Channel, Event, Subject
from apps.audit.operations import record
from apps.audit.sequencer import CheckpointPolicy, checkpoint_once, sequence_once
from apps.audit.signing import SigningKey, signing_key, trusted_keys
from apps.audit.verify import Verification, verify_chain
from apps.storage.store import evidence_store

Connection = psycopg.Connection[tuple[Any, ...]]
AT_ONCE = CheckpointPolicy(leaves=1, age=timedelta(0))

_MANY = """
    INSERT INTO audit_inbox (event_id, tenant_id, occurred_at, actor, role, channel, session, event,
        subject_kind, subject_id, before_digest, after_digest, reason_commitment, details)
    SELECT gen_random_uuid(), %s, clock_timestamp(), '', 'system', 'system', '', 'alert:received',
        'alert', number::text, '', '', '', '{"number":' || number || '}'
    FROM generate_series(1, %s) AS number
"""


def person(tenant_id: UUID, channel: Channel = Channel.SCREEN) -> Actor:
    return Actor(
        tenant_id=tenant_id, user_id=uuid4(), role="operator", channel=channel, session="s1"
    )


def tell(tenant_id: UUID, count: int = 1, **fields: Any) -> Subject:
    """Record events about one alert, each in a transaction of its own, and return the alert."""
    subject = Subject("alert", uuid4())
    for number in range(count):
        with tenant_scope(tenant_id):
            record(
                actor=person(tenant_id),
                event=Event.ALERT_VIEWED,
                subject=subject,
                **{"details": {"number": number}} | fields,
            )
    return subject


def tell_many(connection: Connection, tenant_id: UUID, count: int) -> None:
    """Put many events into the inbox at once (as a role that sees every tenant)."""
    connection.execute(_MANY, [tenant_id, count])


def chain(connection: Connection, *, batch: int = 1000) -> int:
    """Sequence until the inbox is empty; return how many events were chained."""
    total = 0
    while moved := sequence_once(connection, batch=batch):
        total += moved
    return total


def key() -> SigningKey:
    return signing_key(Path(settings.AUDIT_SIGNING_KEY_FILE))


def sign(connection: Connection) -> int:
    return checkpoint_once(connection, key=key(), policy=AT_ONCE)


def store_all(connection: Connection) -> None:
    while store_next(connection, evidence_store()):
        pass


def verify(
    connection: Connection,
    tenant_id: UUID,
    *,
    with_bucket: bool = True,
    from_checkpoint: int = 0,
    authorities: Path | None = None,
    witness_key: str = "",
) -> Verification:
    return verify_chain(
        connection,
        tenant=str(tenant_id),
        trusted=trusted_keys(Path(settings.AUDIT_SIGNING_KEY_FILE)),
        bucket=evidence_store() if with_bucket else None,
        from_checkpoint=from_checkpoint,
        authorities=authorities,
        witness_key=witness_key,
    )


def places(connection: Connection, tenant_id: UUID) -> list[int]:
    rows = connection.execute(
        "SELECT index FROM audit_leaf WHERE tenant_id = %s ORDER BY index", [tenant_id]
    )
    return [row[0] for row in rows]
