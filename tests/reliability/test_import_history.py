"""Past labelled alerts from a file: all lines or none, each fault with its line."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.audit.models import InboxEntry
from apps.reliability.history_file import COLUMNS
from apps.reliability.models import AlertFact, ProbabilityModelVersion
from apps.reliability.operations.refresh import refresh
from tests.world import World

pytestmark = pytest.mark.django_db


def line(world: World, number: int = 0, **fields: Any) -> dict[str, Any]:
    at = timezone.now() - timedelta(days=30, minutes=number)
    known = {
        "external_id": f"a-{number}",
        "happened_at": at.isoformat(),
        "site": world.site.slug,
        "camera": world.camera.slug,
        "detector_id": "acme",
        "detector_version": "2.1",
        "label": "item_to_bag",
        "score": (number % 100) / 100,
        "signals": {"reach": (number % 10) / 10},
        "sequence": "complete",
        "verdict": "false_alarm" if number % 3 else "theft_confirmed",
        "labelled_at": (at + timedelta(minutes=9)).isoformat(),
        "sampling_probability": 0.5,
    }
    return known | fields


def written(path: Path, *lines: Any) -> Path:
    texts = [one if isinstance(one, str) else json.dumps(one) for one in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def imported(world: World, path: Path, *more: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command(
        "import_history", str(path), "--tenant", world.tenant.slug, "--json", *more, stdout=out
    )
    return dict(json.loads(out.getvalue()))


def refusal(world: World, path: Path) -> str:
    with pytest.raises(CommandError) as refused:
        imported(world, path)
    assert not AlertFact.objects.exists()
    return str(refused.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.ndjson"


def test_each_line_becomes_a_fact_at_its_place_and_time_of_day(world: World, file: Path) -> None:
    found = imported(world, written(file, line(world, 0), line(world, 1)))

    assert found == {"rows": 2, "added": 2, "changed": 0, "labelled": 2, "dry_run": False}
    fact = AlertFact.objects.get(external_id="a-0")
    assert (fact.camera_id, fact.site_id, fact.zone_kind) == (
        world.camera.id,
        world.site.id,
        "aisle",
    )
    assert fact.daypart
    assert len(fact.weekday) == 3
    assert (fact.verdict, fact.sampling_probability) == ("theft_confirmed", 0.5)
    assert InboxEntry.objects.filter(event="history:imported").count() == 1


def test_the_same_file_again_changes_nothing(world: World, file: Path) -> None:
    imported(world, written(file, line(world, 0), line(world, 1)))

    found = imported(world, file)

    assert (found["added"], found["changed"]) == (0, 0)
    assert AlertFact.objects.count() == 2
    assert InboxEntry.objects.filter(event="history:imported").count() == 1


def test_a_corrected_verdict_replaces_the_label_only(world: World, file: Path) -> None:
    imported(world, written(file, line(world, 0)))

    found = imported(world, written(file, line(world, 0, verdict="false_alarm", score=0.9)))

    fact = AlertFact.objects.get()
    assert (found["changed"], fact.verdict, fact.score) == (1, "false_alarm", 0.0)


def test_a_dry_run_checks_and_writes_nothing(world: World, file: Path) -> None:
    found = imported(world, written(file, line(world, 0)), "--dry-run")

    assert (found["added"], found["dry_run"]) == (1, True)
    assert not AlertFact.objects.exists()


def test_csv_has_the_same_columns(world: World, tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    row = line(world, 1) | {"signals": json.dumps({"reach": 0.4})}
    with path.open("w", newline="") as out:
        writer = csv.DictWriter(out, fieldnames=list(row))
        writer.writeheader()
        writer.writerow(row)
        writer.writerow(row | {"external_id": "b", "score": "", "verdict": "", "labelled_at": ""})

    imported(world, path)

    assert AlertFact.objects.get(external_id="a-1").signals == {"reach": 0.4}
    assert AlertFact.objects.get(external_id="b").score is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"camera": "nowhere"}, "no camera is called 'nowhere'"),
        ({"camera": "", "site": "nowhere"}, "no site is called 'nowhere'"),
        ({"external_id": ""}, "external_id is missing"),
        ({"score": 1.2}, "score must be a number between 0 and 1"),
        ({"sampling_probability": 0}, "must be above 0"),
        ({"happened_at": "yesterday"}, "happened_at must be a time"),
        ({"happened_at": "2026-01-01T10:00:00"}, "happened_at must be a time"),
        ({"happened_at": "2099-01-01T10:00:00Z", "labelled_at": "2099-01-02T10:00:00Z"}, "future"),
        ({"labelled_at": ""}, "belong together"),
        ({"verdict": "guilty"}, "verdict is one of"),
        ({"sequence": "half"}, "sequence is one of"),
        ({"signals": {"Reach!": 1}}, "no name of a signal"),
        ({"signals": {"reach": "much"}}, "must be a number"),
        ({"labelled_at": "2020-01-01T00:00:00Z"}, "before the alert"),
        ({"suspect": "J. Doe"}, "suspect is not a column we know"),
        ({"external_id": "simulated-1-1"}, "drill tenant only"),
    ],
)
def test_one_bad_line_stops_the_file_and_is_named(
    world: World, file: Path, changed: dict[str, Any], said: str
) -> None:
    message = refusal(world, written(file, line(world, 0), line(world, 1, **changed)))

    assert "Nothing was imported" in message
    assert "Line 2: " in message
    assert said in message


def test_broken_json_is_named_with_its_line(world: World, file: Path) -> None:
    message = refusal(world, written(file, line(world, 0), "", "{broken", "[1]"))

    assert "Line 3: not JSON" in message
    assert "Line 4: an object is needed" in message


def test_many_faults_are_counted_not_printed(world: World, file: Path) -> None:
    message = refusal(world, written(file, *(line(world, at, score=2) for at in range(50))))

    assert "… and 30 more" in message


def test_an_unknown_tenant_or_file_is_named(world: World, file: Path) -> None:
    with pytest.raises(CommandError, match="No tenant"):
        call_command("import_history", str(file), "--tenant", "nobody")
    with pytest.raises(CommandError, match="cannot be read"):
        imported(world, file)


def test_a_detector_is_calibrated_from_its_past(world: World, file: Path) -> None:
    imported(world, written(file, *(line(world, at) for at in range(300))))

    refresh(tenant_id=world.tenant.id, now=timezone.now())

    assert ProbabilityModelVersion.objects.get().is_active


def test_the_help_names_every_column() -> None:
    assert len(set(COLUMNS)) == len(COLUMNS) == 18
