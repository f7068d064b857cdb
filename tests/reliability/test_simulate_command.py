"""`manage.py simulate`: says it is simulated, writes what can be imported, and only into rehearsals."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.reliability.history_file import PastAlert, past_alerts
from apps.reliability.models import AlertFact
from tests.world import make_camera, make_site, make_tenant

pytestmark = pytest.mark.django_db
SMALL = ["--days", "8", "--sites", "2", "--alerts-per-camera", "5", "--seed", "7"]


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("simulate", *SMALL, *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def rehearsal() -> Tenant:
    tenant = make_tenant(is_drill=True)
    with tenant_scope(tenant.id):
        for _ in range(2):
            site = make_site(tenant)
            make_camera(site)
            make_camera(site)
    return tenant


def test_it_prints_configuration_and_difficulty_and_says_simulated() -> None:
    text = run()
    assert text.startswith("Simulated.")
    for word in ("camera_spread", "best score thresholds", "oracle"):
        assert word in text


def test_json_carries_the_same(tmp_path: Path) -> None:
    facts = json.loads(run("--json"))
    assert facts["notice"].startswith("Simulated")
    assert facts["configuration"]["days"] == 8
    assert facts["summary"]["sites"] == 2
    assert facts["summary"]["thresholds_above_oracle"] > 0.3
    assert facts == json.loads(run("--json"))


def test_the_file_has_one_labelled_alert_a_line(tmp_path: Path) -> None:
    path = tmp_path / "history.ndjson"
    facts = json.loads(run("--json", "--out", str(path)))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(lines) == facts["written"] == facts["summary"]["alerts"]
    assert set(lines[0]) == {
        "external_id",
        "happened_at",
        "site",
        "camera",
        "detector_id",
        "detector_version",
        "label",
        "score",
        "signals",
        "zone_kind",
        "lighting",
        "daypart",
        "weekday",
        "crowding",
        "sequence",
        "verdict",
        "labelled_at",
        "sampling_probability",
    }
    assert {one["verdict"] for one in lines} >= {"", "theft_confirmed", "false_alarm"}


def test_the_file_is_what_import_history_reads(tmp_path: Path) -> None:
    path = tmp_path / "history.ndjson"
    run("--out", str(path))
    with path.open() as lines:
        read = list(past_alerts(lines, is_csv=False))
    assert [one for one in read if not isinstance(one, PastAlert)] == []
    assert any(one.verdict for one in read)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written"):
        run("--out", str(tmp_path / "missing" / "file"))


@pytest.mark.django_db(transaction=True)  # the loop runs between transactions, not inside one
def test_a_rehearsal_gets_labelled_facts_on_its_own_cameras_once(rehearsal: Tenant) -> None:
    first = json.loads(run("--json", "--into-tenant", rehearsal.slug))
    assert first["stored"]["added"] == first["stored"]["rows"] > 50
    with tenant_scope(rehearsal.id):
        facts = AlertFact.objects.filter(tenant=rehearsal)
        assert set(facts.values_list("origin", "is_drill").distinct()) == {("simulated", True)}
        assert facts.values("camera_id").distinct().count() == 4
        assert facts.filter(alert_id__isnull=True).count() == facts.count()
        assert facts.exclude(verdict="").count() > 20
        assert facts.filter(outcome="").count() == 0
        assert facts.filter(sampling_probability__lt=1, outcome="archive").exists()
        assert not facts.exclude(outcome="archive").filter(sampling_probability__lt=1).exists()
    again = json.loads(run("--json", "--into-tenant", rehearsal.slug))
    assert again["stored"]["added"] == 0


def test_a_tenant_that_is_no_rehearsal_is_refused() -> None:
    tenant = make_tenant()
    with pytest.raises(CommandError, match="not a rehearsal"):
        run("--into-tenant", tenant.slug)
    with tenant_scope(tenant.id):
        assert not AlertFact.objects.filter(tenant=tenant).exists()


def test_an_unknown_tenant_and_one_without_cameras_are_refused() -> None:
    with pytest.raises(CommandError, match="no tenant"):
        run("--into-tenant", "nobody")
    with pytest.raises(CommandError, match="no camera"):
        run("--into-tenant", make_tenant(is_drill=True).slug)


def test_nonsense_is_refused_in_words() -> None:
    with pytest.raises(CommandError, match="Nothing was simulated"):
        call_command("simulate", "--days", "0")
