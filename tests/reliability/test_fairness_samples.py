"""Importing audit samples: all or nothing, once, judged, and watched over time."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.audit.events import Actor
from apps.reliability.fairness_file import UnableToReadSample
from apps.reliability.models import FairnessAlarm, FairnessRow, FairnessSample
from apps.reliability.operations.fairness import (
    ImportedSample,
    UnableToCloseAlarm,
    UnableToImportSample,
    close_fairness_alarm,
    import_fairness_sample,
)
from apps.reliability.queries.basis import basis_of
from apps.reliability.queries.fairness import rates_of
from apps.triage.fairness_settings import FairnessVerdict
from tests.reliability.audit_samples import DETECTOR, HEADER, sample_file
from tests.reviews.conftest import sign_in
from tests.world import NOW, World

pytestmark = pytest.mark.django_db
FAIR = {"1–5": 0.2, "6–10": 0.2}
UNFAIR = {"1–5": 0.1, "6–10": 0.5}


def take(world: World, content: bytes, *, week: int = 0, **fields: object) -> ImportedSample:
    known: dict[str, object] = {
        "actor": sign_in(world.compliance),
        "tenant_id": world.tenant.id,
        "name": f"Week {week}",
        "method": "Every 20th alert; two annotators",
        "content": content,
        "now": NOW + timedelta(weeks=week),
    }
    return import_fairness_sample(**(known | fields))  # type: ignore[arg-type]


def stopped_by(world: World, detector: str) -> str:
    """The alarm that stops new alerts of the detector, as their assessment reads it; "" for none."""
    basis = basis_of(world.tenant.id, currency="EUR", camera_id=world.camera.id)
    alarm = basis.alarm_of(detector)
    return str(alarm.id) if alarm else ""


def audited(event: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_inbox WHERE event = %s", [event])
        row = cursor.fetchone()
    return int(row[0])


def test_a_sample_is_stored_judged_and_audited(world: World) -> None:
    imported = take(world, sample_file(FAIR, rows=4000, weeks=8))
    sample = FairnessSample.objects.get()
    assert (sample.row_count, FairnessRow.objects.count()) == (4000, 4000)
    assert sample.imported_by == world.compliance.id
    report = rates_of(sample).attributes[0]
    assert (report.attribute, report.verdict) == ("skin tone (Monk)", FairnessVerdict.WITHIN)
    assert imported.alarms == ()
    assert audited("fairness:sample_imported") == 1


def test_the_same_file_is_taken_once(world: World) -> None:
    take(world, sample_file(FAIR))
    with pytest.raises(UnableToImportSample, match="imported before, as “Week 0”"):
        take(world, sample_file(FAIR), name="Again")
    assert FairnessSample.objects.count() == 1


def test_one_wrong_line_and_nothing_is_taken(world: World) -> None:
    lines = sample_file(FAIR, rows=5).decode().splitlines()
    lines[3] = lines[3].rsplit(",", 1)[0] + ",maybe"
    lines[4] = "2026-08-03,only three,values"
    lines[5] = "yesterday" + lines[5][10:]
    with pytest.raises(UnableToReadSample) as refused:
        take(world, "\n".join(lines).encode())
    assert [fault.line for fault in refused.value.faults] == [4, 5, 6]
    assert "was_overridden is 'maybe'" in str(refused.value.faults[0])
    assert not FairnessSample.objects.exists()
    assert audited("fairness:sample_imported") == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "missing columns"),
        (HEADER.encode(), "no rows"),
        (HEADER.encode() + b",name\n", "not taken: name"),
        (b"\xff\xfe\x00", "UTF-8"),
        (HEADER.encode() + b"\n2026-08-03,a,b\n", "7 values are needed, 3 found"),
        (HEADER.encode() + b"\n2999-01-01,a,b,,1,0,0\n", "future"),
        (HEADER.encode() + b"\n2026-08-03,a,,,1,0,0\n", "group is empty"),
        (HEADER.encode() + b'\n2026-08-03,a,"b,,1,0,0\n', "Line"),
    ],
)
def test_what_is_no_sample_says_why(world: World, content: bytes, words: str) -> None:
    with pytest.raises(UnableToReadSample, match=words):
        take(world, content)


def test_identifiers_in_place_of_groups_are_refused(world: World) -> None:
    rows = "\n".join(f"2026-08-03,who,person {n},,1,0,0" for n in range(30))
    with pytest.raises(UnableToReadSample, match="30 groups"):
        take(world, f"{HEADER}\n{rows}\n".encode())


def test_a_small_sample_is_no_pass(world: World) -> None:
    imported = take(world, sample_file(FAIR, rows=60))
    assert rates_of(imported.sample).attributes[0].verdict is FairnessVerdict.INSUFFICIENT_N


def test_weekly_samples_of_an_unfair_detector_raise_one_alarm(world: World) -> None:
    for week in range(8):
        take(world, sample_file(UNFAIR, rows=120, week=week), week=week)
    alarm = FairnessAlarm.objects.get()
    assert (alarm.attribute, alarm.measure) == ("skin tone (Monk)", "false_alarm")
    assert alarm.detector == DETECTOR
    assert alarm.details["e_value"] >= alarm.details["bound"]
    assert audited("fairness:alarm_raised") == 1
    assert stopped_by(world, DETECTOR) == str(alarm.id)
    assert stopped_by(world, "another@1.0") == ""


def test_an_alarm_without_a_detector_concerns_every_detector(world: World) -> None:
    take(world, sample_file(UNFAIR, rows=2000, weeks=8, detector=""))
    alarm = FairnessAlarm.objects.get()
    assert stopped_by(world, "any@2.0") == str(alarm.id)


def test_weekly_samples_of_a_fair_detector_raise_none(world: World) -> None:
    for week in range(8):
        take(world, sample_file(FAIR, rows=120, week=week), week=week)
    assert not FairnessAlarm.objects.exists()


def test_closing_needs_a_reason_and_starts_the_test_again(world: World) -> None:
    alarm = take(world, sample_file(UNFAIR, rows=1500, weeks=6)).alarms[0]
    closing = {
        "actor": sign_in(world.compliance),
        "tenant_id": world.tenant.id,
        "alarm_id": alarm.id,
        "now": NOW + timedelta(weeks=7),
    }
    with pytest.raises(UnableToCloseAlarm, match="at least 10 characters"):
        close_fairness_alarm(reason="ok", **closing)
    close_fairness_alarm(reason="Detector retrained on balanced data", **closing)
    with pytest.raises(UnableToCloseAlarm, match="closed before"):
        close_fairness_alarm(reason="Detector retrained on balanced data", **closing)
    assert audited("fairness:alarm_closed") == 1
    assert stopped_by(world, DETECTOR) == ""
    take(world, sample_file(FAIR, rows=400, week=8), week=8)
    assert not FairnessAlarm.objects.filter(closed_at__isnull=True).exists()
    take(world, sample_file(UNFAIR, rows=1500, week=9, weeks=4), week=13)
    assert FairnessAlarm.objects.filter(closed_at__isnull=True).count() == 1


def test_simulated_rows_stay_in_rehearsals(world: World) -> None:
    with pytest.raises(UnableToImportSample, match="drill"):
        take(world, sample_file(FAIR), is_simulated=True)
    world.tenant.is_drill = True
    world.tenant.save(update_fields=["is_drill"])
    assert take(world, sample_file(FAIR), is_simulated=True).sample.is_simulated


def test_what_was_written_is_kept(world: World) -> None:
    """The rights are the database's: the runtime role may not delete what an alarm rests on."""
    take(world, sample_file(FAIR, rows=40))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege('reliability_fairnessrow', 'DELETE'),"
            " has_table_privilege('reliability_fairnessalarm', 'DELETE')"
        )
        assert cursor.fetchone() == (False, False)


def test_the_command_imports_and_names_wrong_lines(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "sample.csv"
    arguments = ["--tenant", world.tenant.slug, "--name", "Autumn", "--method", "Every 20th"]
    file.write_bytes(sample_file(FAIR, rows=200) + b"2026-08-03,a,b\n")
    with pytest.raises(CommandError, match=r"Nothing was imported.\nLine 202: 7 values"):
        call_command("import_fairness_sample", str(file), *arguments)
    file.write_bytes(sample_file(FAIR, rows=200))
    call_command("import_fairness_sample", str(file), *arguments)
    assert "Autumn: 200 rows" in capsys.readouterr().out
    with pytest.raises(CommandError, match="imported before"):
        call_command("import_fairness_sample", str(file), *arguments)
    with pytest.raises(CommandError, match="no tenant"):
        call_command(
            "import_fairness_sample",
            str(file),
            "--tenant",
            "nobody",
            "--name",
            "a",
            "--method",
            "b",
        )


def test_the_system_may_import_too(world: World) -> None:
    imported = take(world, sample_file(FAIR), actor=Actor.system(world.tenant.id))
    assert imported.sample.imported_by is None
