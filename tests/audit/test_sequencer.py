"""Every committed event gets one place, without gaps, whatever is killed in between."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.audit.archive import stored_checkpoints
from apps.audit.connections import open_connection
from apps.audit.events import NO_TENANT, Actor, Event, Subject
from apps.audit.models import Leaf
from apps.audit.operations import record
from apps.audit.queries import audit_lag, events_of, recent_events
from apps.audit.sequencer import checkpoint_once, sequence_once
from apps.audit.tasks import watch_lag
from apps.storage.store import evidence_store
from tests.audit import chain
from tests.audit.chain import Connection

pytestmark = pytest.mark.django_db(transaction=True)

REPOSITORY = Path(__file__).resolve().parents[2]


def test_events_get_contiguous_places_in_the_chain_of_their_tenant(
    sequencer_connection: Connection, owner_connection: Connection
) -> None:
    one, other = uuid4(), uuid4()
    for _ in range(3):
        chain.tell(one, 2)
        chain.tell(other)
    assert chain.chain(sequencer_connection, batch=4) == 9
    assert chain.places(owner_connection, one) == list(range(6))
    assert chain.places(owner_connection, other) == list(range(3))
    assert sequence_once(sequencer_connection) == 0


def test_the_story_of_an_object_reads_the_same_before_and_after_chaining(
    sequencer_connection: Connection,
) -> None:
    tenant = uuid4()
    subject = chain.tell(tenant, 2, reason="looked twice")
    with tenant_scope(tenant):
        waiting = events_of(tenant_id=tenant, subjects=[subject])
    chain.chain(sequencer_connection)
    chain.tell(tenant)
    with tenant_scope(tenant):
        chained = events_of(tenant_id=tenant, subjects=[subject])
        newest = recent_events(tenant_id=tenant, events=[Event.ALERT_VIEWED], limit=1)
    assert [event.event_id for event in chained] == [event.event_id for event in waiting]
    assert [event.index for event in waiting] == [None, None]
    assert [event.index for event in chained] == [0, 1]
    assert [event.reason for event in chained] == ["looked twice", "looked twice"]
    assert newest == chained[-1:]


def test_no_tenant_sees_anothers_leaves(sequencer_connection: Connection) -> None:
    tenant, stranger = uuid4(), uuid4()
    chain.tell(tenant, 3)
    chain.chain(sequencer_connection)
    with tenant_scope(stranger):
        assert not Leaf.objects.exists()
    with tenant_scope(tenant):
        assert Leaf.objects.count() == 3


def test_events_without_a_tenant_have_a_chain_of_their_own(
    sequencer_connection: Connection, service_connection: Connection
) -> None:
    with transaction.atomic():
        record(
            actor=Actor.system(),
            event=Event.ACCESS_SIGN_IN_FAILED,
            subject=Subject("user", "unknown"),
        )
    chain.chain(sequencer_connection)
    assert chain.places(service_connection, NO_TENANT) == [0]


def test_two_sequencers_at_once_place_every_event_once(
    sequencer_connection: Connection, owner_connection: Connection
) -> None:
    tenant = uuid4()
    chain.tell_many(owner_connection, tenant, 2000)

    def work(_: int) -> int:
        with open_connection("second-sequencer") as connection:
            return chain.chain(connection, batch=50)

    with as_sequencer(sequencer_connection), ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(work, range(3))) == 2000
    assert chain.places(owner_connection, tenant) == list(range(2000))


def test_a_sequencer_killed_in_the_middle_of_a_batch_has_done_nothing(
    owner_connection: Connection,
    superuser_connection: Connection,
    stack_environment: dict[str, str],
    s3: dict[str, str],
) -> None:
    tenant = uuid4()
    chain.tell_many(owner_connection, tenant, 1)
    with sequencer(stack_environment):
        until(lambda: chain.places(owner_connection, tenant) == [0])
    chain.tell_many(owner_connection, tenant, 500)
    with owner_connection.transaction():
        # The tree's row is the last thing a batch writes: hold it, and the batch hangs half-done.
        owner_connection.execute("SELECT FROM audit_tree FOR UPDATE")
        with sequencer(stack_environment) as process:
            until(lambda: waits_for_a_row(superuser_connection))
            process.kill()
            process.wait()
    assert chain.places(owner_connection, tenant) == [0]
    with sequencer(stack_environment):
        until(lambda: len(chain.places(owner_connection, tenant)) == 501)
    assert chain.places(owner_connection, tenant) == list(range(501))


def test_contiguous_whenever_the_sequencer_is_killed(
    owner_connection: Connection, stack_environment: dict[str, str], s3: dict[str, str]
) -> None:
    tenants, total = [uuid4(), uuid4()], 15_000
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for tenant in tenants:
        chain.tell_many(owner_connection, tenant, total)
    for _ in range(3):
        before = count(owner_connection)
        with sequencer(stack_environment) as process:
            until(lambda before=before: count(owner_connection) > before)
            time.sleep(chance.random() / 10)
            process.kill()
            process.wait()
    with sequencer(stack_environment):
        until(lambda: count(owner_connection) == 2 * total)
    for tenant in tenants:
        assert chain.places(owner_connection, tenant) == list(range(total))
        with open_connection("verify") as connection:
            assert chain.verify(connection, tenant, with_bucket=False).holds


def test_the_process_signs_stores_and_stops_when_told(
    owner_connection: Connection, stack_environment: dict[str, str], s3: dict[str, str]
) -> None:
    tenant = uuid4()
    chain.tell_many(owner_connection, tenant, 3)
    with sequencer(stack_environment) as process:
        until(lambda: len(stored_checkpoints(evidence_store(), str(tenant))) == 1)
        until(lambda: audit_lag(now=timezone.now()).silent_seconds is not None)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    lag = audit_lag(now=timezone.now())
    assert not lag.is_behind()
    with open_connection("verify") as connection:
        assert chain.verify(connection, tenant).holds


def test_without_the_bucket_the_chain_goes_on_and_checkpoints_wait(
    owner_connection: Connection,
    stack_environment: dict[str, str],
    s3: dict[str, str],
) -> None:
    tenant = uuid4()
    chain.tell_many(owner_connection, tenant, 3)
    nowhere = stack_environment | {"S3_ENDPOINT": "http://127.0.0.1:9"}
    with sequencer(nowhere):
        until(lambda: len(chain.places(owner_connection, tenant)) == 3)
        until(lambda: audit_lag(now=timezone.now()).unstored_checkpoints == 1)
    with sequencer(stack_environment):
        until(lambda: len(stored_checkpoints(evidence_store(), str(tenant))) == 1)


def test_a_role_that_may_not_sequence_is_told_so(stack_environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "audit_sequencer"],
        cwd=REPOSITORY,
        env=stack_environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "second_look_sequencer" in done.stderr


def test_checkpoints_are_due_by_number_or_by_age(sequencer_connection: Connection) -> None:
    chain.tell(uuid4(), 2)
    chain.chain(sequencer_connection)
    patient = chain.CheckpointPolicy(leaves=3)
    assert checkpoint_once(sequencer_connection, key=chain.key(), policy=patient) == 0
    eager = chain.CheckpointPolicy(leaves=2)
    assert checkpoint_once(sequencer_connection, key=chain.key(), policy=eager) == 1
    assert chain.sign(sequencer_connection) == 0


def test_silence_of_the_sequencer_is_an_alarm(caplog: pytest.LogCaptureFixture) -> None:
    watch_lag()
    assert "audit chain behind" in caplog.text


@contextmanager
def as_sequencer(connection: Connection) -> Iterator[None]:
    """Let ``open_connection`` connect as the role of this connection."""
    address = connection.info
    changed = {"USER": address.user, "PASSWORD": address.password}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(settings.DATABASES, "default", settings.DATABASES["default"] | changed)
        yield


@contextmanager
def sequencer(environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """The real process, killed at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "audit_sequencer", "--checkpoint-seconds=0.2"],
        cwd=REPOSITORY,
        env=environment | {"DATABASE_URL": environment["DATABASE_SEQUENCER_URL"]},
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()


def until(true: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)


def count(connection: Connection) -> int:
    row = connection.execute("SELECT count(*) FROM audit_leaf").fetchone()
    assert row is not None
    return int(row[0])


def waits_for_a_row(connection: "psycopg.Connection[tuple[object, ...]]") -> bool:
    row = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'audit-sequencer'"
        " AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO audit_tree%'"
    ).fetchone()
    return bool(row and row[0])
