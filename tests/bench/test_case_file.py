"""How much memory a case file takes while it is written: the process that writes it is measured, whole.

The short form (200 MB) runs with every test; `make bench` writes 5 GB (BENCH_CASE_FILE_MB).
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert
from apps.audit.events import Actor
from apps.cases.case_file.bag import ChunkReader
from apps.cases.models import Case, CaseFile, Exhibit
from apps.cases.operations import open_case
from apps.evidence.models import EvidenceItem, EvidenceKind
from apps.evidence.operations import acquire_item
from apps.storage.store import media_store
from tests.audit import chain
from tests.audit.chain import Connection
from tests.bench.conftest import Report
from tests.cases.test_case_file import ask
from tests.cases.test_from_theft_to_case import decide
from tests.harness.product import REPOSITORY
from tests.world import World, make_waiting_alert, make_world

EXHIBITS = 20
MOST_MEGABYTES = 300
_CHUNK = 1 << 20
_WRITE = """
import json, sys, time
from pathlib import Path
import django
django.setup()
from uuid import UUID
from django.utils import timezone
import workers.temporal  # what the worker that writes case files has loaded
from apps.cases.case_file.operations import write_case_file
def peak():  # of this program: the kernel's ru_maxrss begins with the memory of whoever started it
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

before = peak()
began = time.perf_counter()
write_case_file(tenant_id=UUID(sys.argv[1]), file_id=UUID(sys.argv[2]), now=timezone.now())
print(json.dumps({
    "seconds": time.perf_counter() - began,
    "before_mb": before / 1024,
    "peak_mb": peak() / 1024,
}))
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(600)
def test_a_case_file_of_twenty_exhibits_is_written_in_bounded_memory(
    s3: dict[str, str],
    sequencer_connection: Connection,
    stack_environment: dict[str, str],
    report: Report,
) -> None:
    write_and_measure(sequencer_connection, stack_environment, report, megabytes=200)


@pytest.mark.bench
@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(3600)
def test_a_case_file_of_five_gigabytes_is_written_in_bounded_memory(
    s3: dict[str, str],
    sequencer_connection: Connection,
    stack_environment: dict[str, str],
    report: Report,
) -> None:
    megabytes = int(os.environ.get("BENCH_CASE_FILE_MB", "5000"))
    write_and_measure(sequencer_connection, stack_environment, report, megabytes=megabytes)


def write_and_measure(
    sequencer: Connection, environment: dict[str, str], report: Report, *, megabytes: int
) -> None:
    world, case = a_case_of(megabytes, sequencer)
    file = ask(world, case.id)
    done = subprocess.run(
        [sys.executable, "-c", _WRITE, str(world.tenant.id), str(file.id)],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=3000,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    with tenant_scope(world.tenant.id):
        made = CaseFile.objects.get(id=file.id)
    assert (made.state, made.note) == ("ready", "")
    assert made.size_bytes > megabytes * 1_000_000
    report.say("exhibits", EXHIBITS)
    report.say("megabytes of footage", megabytes)
    report.say("seconds", seen["seconds"])
    report.say("memory of the process before, MB", seen["before_mb"])
    report.say("memory of the process at its peak, MB", seen["peak_mb"])
    report.say("peak memory, wanted at most MB", MOST_MEGABYTES)
    media_store().delete(key=made.key)
    assert seen["peak_mb"] <= MOST_MEGABYTES


def a_case_of(megabytes: int, sequencer: Connection) -> tuple[World, Case]:
    """A case whose exhibits are so much footage altogether, its chain signed."""
    world = make_world()
    with tenant_scope(world.tenant.id):
        alert = make_waiting_alert(world.camera)
        decide(alert, world)
        case = open_case(alert_id=alert.id, now=timezone.now())
        for number in range(1, EXHIBITS + 1):
            item = stored(alert, number, megabytes * 1_000_000 // EXHIBITS)
            Exhibit.objects.create(
                tenant_id=world.tenant.id,
                case=case,
                item=item,
                number=number,
                title=f"Footage {number}",
                sealed_at=timezone.now(),
            )
    chain.chain(sequencer)
    chain.sign(sequencer)
    return world, case


def stored(alert: Alert, number: int, size: int) -> EvidenceItem:
    kept = media_store().put_stream(
        key=f"tenants/{alert.tenant_id}/alerts/{alert.id}/exhibit-{number}.mp4",
        stream=ChunkReader(noise(number, size)),
        length=size,
        content_type="video/mp4",
    )
    return acquire_item(
        actor=Actor.system(alert.tenant_id),
        alert=alert,
        kind=EvidenceKind.MASTER,
        bucket=media_store().bucket,
        stored=kept,
        media_type="video/mp4",
        now=timezone.now() - timedelta(minutes=1),
    )


def noise(seed: int, size: int) -> Iterator[bytes]:
    """Bytes that do not compress, the same for the same seed."""
    made = 0
    while made < size:
        chunk = hashlib.shake_128(f"{seed}/{made}".encode()).digest(min(_CHUNK, size - made))
        made += len(chunk)
        yield chunk
