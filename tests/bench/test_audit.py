"""How fast the audit chain takes events, beside the same writers with plain inserts, and how fast it is verified."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest

from apps.audit.sequencer import sequence_once
from tests.audit import chain
from tests.audit.chain import Connection
from tests.bench.conftest import Report
from tests.harness.product import REPOSITORY

pytestmark = [
    pytest.mark.bench,
    pytest.mark.timeout(1800),
    pytest.mark.django_db(transaction=True),
]

PROCESSES, THREADS = 4, 8
EVENTS = int(os.environ.get("BENCH_AUDIT_EVENTS", "24000"))
ENTRIES = int(os.environ.get("BENCH_AUDIT_ENTRIES", "1000000"))
BATCH = 10_000
ROUNDS = 3


def test_events_a_second_from_32_writers(
    owner_connection: Connection,
    stack_environment: dict[str, str],
    s3: dict[str, str],
    report: Report,
) -> None:
    """Counted until the last event has its place in the chain, not only until it is committed."""
    _copy_of_the_inbox(owner_connection)
    rates: dict[str, list[float]] = {"plain": [], "recorded": [], "chained": []}
    with _sequencer(stack_environment):
        for _ in range(ROUNDS):
            seconds, _tenant = _write("plain", stack_environment)
            rates["plain"].append(EVENTS / seconds)
            started = time.perf_counter()
            seconds, tenant = _write("recorded", stack_environment)
            rates["recorded"].append(EVENTS / seconds)
            _until_chained(owner_connection, tenant)
            behind = time.perf_counter() - started - seconds
            rates["chained"].append(EVENTS / (seconds + max(0.0, behind)))
            assert chain.places(owner_connection, tenant) == list(range(EVENTS))
    report.say("writers", PROCESSES * THREADS)
    for name, found in rates.items():
        report.say(f"{name} events/s (median of {ROUNDS})", sorted(found)[ROUNDS // 2])
    pairs = sorted(c / p for c, p in zip(rates["chained"], rates["plain"], strict=True))
    report.say("chained ÷ plain (median of pairs)", pairs[ROUNDS // 2])
    report.say("chained events/s, wanted at least", 2000)


def test_a_million_entries_are_verified(
    owner_connection: Connection,
    sequencer_connection: Connection,
    s3: dict[str, str],
    report: Report,
) -> None:
    tenant = uuid4()
    chain.tell_many(owner_connection, tenant, ENTRIES)
    started = time.perf_counter()
    while sequence_once(sequencer_connection, batch=BATCH):
        chain.sign(sequencer_connection)
    report.say("entries", ENTRIES)
    report.say("checkpoints", -(-ENTRIES // BATCH))
    report.say("entries sequenced a second, alone", ENTRIES / (time.perf_counter() - started))
    chain.store_all(sequencer_connection)
    started = time.perf_counter()
    found = chain.verify(owner_connection, tenant)
    seconds = time.perf_counter() - started
    assert (found.holds, found.entries) == (True, ENTRIES)
    report.say("seconds to verify them all (wanted at most 20 for a million)", seconds)


def _copy_of_the_inbox(owner: Connection) -> None:
    owner.execute("CREATE TABLE bench_plain (LIKE audit_inbox INCLUDING ALL)")
    owner.execute("GRANT SELECT, INSERT ON bench_plain TO second_look_app")


def _write(mode: str, environment: dict[str, str]) -> tuple[float, UUID]:
    """Seconds from the start of the writers to the end of the last one, and whose events they were."""
    tenant = uuid4()
    each = EVENTS // (PROCESSES * THREADS)
    command = [sys.executable, "-m", "tests.bench.audit_writers", mode, str(THREADS), str(each)]
    writers = [
        subprocess.Popen(
            [*command, str(tenant)],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    started = time.perf_counter()
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=300)
        assert writer.returncode == 0
    return time.perf_counter() - started, tenant


def _until_chained(owner: Connection, tenant: UUID) -> None:
    deadline = time.monotonic() + 300
    while True:
        row = owner.execute("SELECT size FROM audit_tree WHERE tenant_id = %s", [tenant]).fetchone()
        if row and row[0] == EVENTS:
            return
        assert time.monotonic() < deadline, "the sequencer does not keep up"
        time.sleep(0.02)


@contextmanager
def _sequencer(environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "audit_sequencer"],
        cwd=REPOSITORY,
        env=environment | {"DATABASE_URL": environment["DATABASE_SEQUENCER_URL"]},
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)
