"""Archives for an auditor: whole, checked by verify.py alone, or their row says why not."""

import io
import json
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pypdf import PdfReader

from apps.accounts.tenancy import tenant_scope
from apps.audit.proofs import NotSignedYet
from apps.cases.dossier.operations import render_dossier
from apps.oversight.models import RecordsExport
from apps.oversight.operations import exporting
from apps.oversight.operations.exporting import (
    UnableToExport,
    ask_for_records,
    ask_for_techdoc,
    fetch_address,
    write_export,
)
from apps.storage.store import media_store
from tests.accounts.test_training import train
from tests.audit import chain
from tests.oversight.test_stop import actor_for, lift, press
from tests.reviews.test_overrides import past
from tests.world import NOW, World, make_waiting_alert, make_world

pytestmark = pytest.mark.django_db


def written(export: RecordsExport) -> zipfile.ZipFile:
    assert write_export(tenant_id=export.tenant_id, export_id=export.id, now=timezone.now())
    export.refresh_from_db()
    assert export.state == "ready", export.failed_reason
    with media_store().get_stream(key=export.key) as stream:
        return zipfile.ZipFile(io.BytesIO(stream.read()))


def member(archive: zipfile.ZipFile, end: str) -> bytes:
    [name] = [one for one in archive.namelist() if one.endswith(end)]
    return archive.read(name)


def test_the_technical_file_says_what_is_in_force_and_what_is_not_known(
    s3: dict[str, str], world: World
) -> None:
    export = ask_for_techdoc(
        actor=actor_for(world.compliance), user=world.compliance, now=timezone.now()
    )
    archive = written(export)

    content = json.loads(member(archive, "technical-file.json"))
    assert len(content["risks"]) == export.counts["risks"] >= 12
    assert content["card"]["version"] == 1
    assert (content["models"], content["metrics"]["groups"]) == ([], [])
    pages = PdfReader(io.BytesIO(member(archive, "technical-file.pdf"))).pages
    text = "".join(page.extract_text() for page in pages)
    assert "Not known yet" in text
    assert b"Annex IV" in member(archive, "index.html")
    assert b"#" in member(archive, "documentation/architecture.md")


def test_an_archive_that_cannot_be_written_says_why_and_can_be_asked_for_again(
    s3: dict[str, str], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsigned(**_: object) -> list[object]:
        raise NotSignedYet("not yet")

    monkeypatch.setattr(exporting, "record_parts", unsigned)
    now = timezone.now()
    actor = actor_for(world.compliance)
    export = ask_for_records(
        actor=actor, user=world.compliance, since=now - timedelta(days=1), until=now, now=now
    )

    write_export(tenant_id=world.tenant.id, export_id=export.id, now=now)

    export.refresh_from_db()
    assert (export.state, export.key) == ("failed", "")
    assert "signed" in export.failed_reason
    with pytest.raises(UnableToExport):
        fetch_address(actor=actor, export=export)
    exporting.ask_again(actor=actor, export=export)
    export.refresh_from_db()
    assert export.state == "requested"


def test_a_period_ends_after_it_begins(world: World) -> None:
    now = timezone.now()
    with pytest.raises(UnableToExport):
        ask_for_records(actor=actor_for(world.compliance), user=None, since=now, until=now, now=now)


@pytest.mark.django_db(transaction=True)
def test_the_records_of_a_period_are_checked_with_python_alone(
    s3: dict[str, str], sequencer_connection: chain.Connection, tmp_path: Path
) -> None:
    world = make_world()
    since = NOW - timedelta(days=1)
    with tenant_scope(world.tenant.id):
        told = make_waiting_alert(world.camera)
    render_dossier(tenant_id=world.tenant.id, alert_id=told.id, now=timezone.now())
    with tenant_scope(world.tenant.id):
        past(world, world.site, ["false_alarm"], since=NOW)
        (taught,) = train(world.compliance, world.operator, now=NOW)
        lift(world.lead, press(world.operator, site=world.site))
        export = ask_for_records(
            actor=actor_for(world.compliance),
            user=world.compliance,
            since=since,
            until=timezone.now() + timedelta(minutes=1),
            now=timezone.now(),
        )
    chain.chain(sequencer_connection)
    chain.sign(sequencer_connection)
    write_export(tenant_id=world.tenant.id, export_id=export.id, now=timezone.now())
    with tenant_scope(world.tenant.id):
        export.refresh_from_db()
    assert export.state == "ready", export.failed_reason
    with media_store().get_stream(key=export.key) as stream:
        archive = zipfile.ZipFile(io.BytesIO(stream.read()))

    [stop] = member(archive, "records/stops.ndjson").splitlines()
    assert json.loads(stop)["state"] == "lifted"
    summary = json.loads(member(archive, "data/summary.json"))
    assert (summary["counts"]["assessments"], summary["counts"]["stops"]) == (2, 1)
    [verdict] = map(json.loads, member(archive, "records/dispositions.ndjson").splitlines())
    assert (verdict["proposal"], verdict["judged_blind"], verdict["stance"]) == (
        "escalate",
        False,
        "against",
    )
    [training] = map(json.loads, member(archive, "records/training_records.ndjson").splitlines())
    assert training["id"] == str(taught.id)
    listed = [*map(json.loads, member(archive, "records/dossiers.ndjson").splitlines())]
    assert {one["alert"]: bool(one["path"]) for one in listed} == {
        str(told.id): True,
        verdict["alert_id"]: False,
    }
    assert summary["dossiers_not_rendered"] == 1
    pages = PdfReader(io.BytesIO(member(archive, f"data/dossiers/{told.id}.pdf"))).pages
    assert told.reference in "".join(page.extract_text() for page in pages)
    archive.extractall(tmp_path)
    [folder] = tmp_path.iterdir()
    sound = _verify(folder)
    assert sound.returncode == 0, sound.stdout
    assert "audit entries lie in the chain" in sound.stdout

    stops = folder / "data" / "records" / "stops.ndjson"
    stops.write_bytes(stops.read_bytes().replace(b"lifted", b"Lifted"))
    altered = _verify(folder)
    assert altered.returncode == 1
    assert "stops.ndjson" in altered.stdout


def _verify(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(folder / "verify.py")]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
