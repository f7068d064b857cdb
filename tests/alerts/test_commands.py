"""The commands that set up a store and raise an alert by hand."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import Tenant, User
from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert, Clip, DetectorSource, OutboxEntry
from apps.alerts.spool import path_of
from apps.reliability.models import CostModelVersion
from apps.sites.models import Camera, Roster, Site
from tests.alerts.senders import MP4, Detector, stated
from tests.world import World, make_camera, make_site

pytestmark = pytest.mark.django_db(transaction=True)


def run(name: str, *arguments: str) -> Any:
    out = StringIO()
    call_command(name, *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "theft.mp4"
    path.write_bytes(MP4)
    return path


def test_an_alert_is_raised_by_hand_with_its_clip(world: World, spool: Path, clip: Path) -> None:
    facts = run("raise_alert", "--camera", world.camera.slug, "--clip", str(clip))

    with tenant_scope(world.tenant.id):
        alert = Alert.objects.get()
        row = Clip.objects.get()
        assert OutboxEntry.objects.count() == 1
    assert (facts["id"], facts["state"], facts["clip"]) == (str(alert.id), "received", "spooled")
    assert facts["url"] == f"http://localhost:8000/alerts/{alert.id}/"
    assert (alert.channel, alert.source_id, alert.score) == ("system", None, None)
    assert path_of(row.spool_name).read_bytes() == MP4


def test_everything_a_detector_could_say_can_be_said(world: World, spool: Path) -> None:
    run(
        *("raise_alert", "--camera", world.camera.slug, "--score", "0.7", "--note", "seen at 9"),
        *("--signals", '[{"name": "reach", "value": 0.5}]', "--label", "item_to_clothing"),
    )
    with tenant_scope(world.tenant.id):
        alert = Alert.objects.get()
    assert (alert.score, alert.label, alert.note) == (0.7, "item_to_clothing", "seen at 9")
    assert alert.signals == [{"name": "reach", "value": 0.5}]


def test_the_same_key_is_the_same_alert(world: World, spool: Path, clip: Path) -> None:
    arguments = ("raise_alert", "--camera", world.camera.slug, "--clip", str(clip), "--key", "k1")
    first, second = run(*arguments), run(*arguments)
    assert first["id"] == second["id"]
    assert (first["created"], second["created"]) == (True, False)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--camera", "nowhere"), "No camera is called"),
        (("--signals", "{"), "not JSON"),
        (("--score", "7"), "score"),
        (("--clip", "/does/not/exist.mp4"), "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    world: World, spool: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        run("raise_alert", "--camera", world.camera.slug, *arguments)


def test_a_text_named_mp4_is_refused(world: World, spool: Path, tmp_path: Path) -> None:
    path = tmp_path / "theft.mp4"
    path.write_text("a text, whatever its name says")
    with pytest.raises(CommandError, match="not a video"):
        run("raise_alert", "--camera", world.camera.slug, "--clip", str(path))


def test_a_camera_of_two_tenants_needs_the_tenant_named(world: World, spool: Path) -> None:
    with tenant_scope(world.foreign_tenant.id):
        twin = make_camera(make_site(world.foreign_tenant))
        twin.slug = world.camera.slug
        twin.save()
    with pytest.raises(CommandError, match="--tenant"):
        run("raise_alert", "--camera", world.camera.slug)
    run("raise_alert", "--camera", world.camera.slug, "--tenant", world.tenant.slug)
    with tenant_scope(world.tenant.id):
        assert Alert.objects.count() == 1


def test_a_real_store_begins_empty_with_its_administrator(db: None) -> None:
    facts = run("tenant_create", "acme", "--name", "Acme", "--admin-email", "ada@acme.example")

    tenant = Tenant.objects.get(slug="acme")
    administrator = User.objects.get(email="ada@acme.example")
    assert (tenant.is_drill, administrator.role) == (False, "administrator")
    assert administrator.check_password(facts["password"])
    with tenant_scope(tenant.id):
        assert not Site.objects.exists()
        assert not Alert.objects.exists()


@pytest.mark.parametrize(
    ("slug", "currency", "email"),
    [
        ("acme corp", "EUR", "a@acme.example"),
        ("acme", "Euro", "a@acme.example"),
        ("acme", "EUR", "x"),
    ],
)
def test_a_store_with_a_wrong_field_is_not_begun(slug: str, currency: str, email: str) -> None:
    with pytest.raises(CommandError):
        run("tenant_create", slug, "--name", "A", "--currency", currency, "--admin-email", email)
    assert not Tenant.objects.filter(slug=slug).exists()


def test_a_source_is_given_its_secret_once(world: World, spool: Path) -> None:
    facts = run("source_create", "--tenant", world.tenant.slug, "--name", "Vision")

    source = DetectorSource.objects.get(name="Vision")
    assert facts["source"] == str(source.id)
    assert facts["secret"].encode() not in bytes(source.secret_sealed)
    sender = Detector(source.id, facts["secret"])
    assert sender.send(stated(world.camera.slug)).status_code == 202
    with pytest.raises(CommandError):
        run("source_create", "--tenant", world.tenant.slug, "--name", "Vision")
    with pytest.raises(CommandError, match="no tenant"):
        run("source_create", "--tenant", "nobody", "--name", "Vision")


@pytest.fixture
def home(tmp_path: Path, settings: Settings) -> Path:
    settings.HOME = tmp_path
    return tmp_path


def test_the_demo_store_is_a_drill_that_can_be_used_at_once(
    db: None, spool: Path, home: Path
) -> None:
    facts = run("seed_demo")

    tenant = Tenant.objects.get(slug="demo")
    assert tenant.is_drill
    assert tenant.exhibit_retention_days < 1
    with tenant_scope(tenant.id):
        assert Site.objects.count() == 2
        assert all(camera.zones.exists() for camera in Camera.objects.all())
        assert Roster.objects.exists()
        assert CostModelVersion.objects.get().is_active
    roles = [account["role"] for account in facts["accounts"]]
    assert set(roles) == {
        *("operator", "store_manager", "lp_lead", "compliance", "administrator", "ops"),
    }
    assert Path(facts["clip"]).is_file()
    first = facts["accounts"][0]
    assert Client().login(username=first["email"], password=first["password"]) or (
        User.objects.get(email=first["email"]).check_password(first["password"])
    )
    sender = Detector(facts["source"]["id"], facts["source"]["secret"])
    assert sender.send(stated(facts["camera"])).status_code == 202


def test_the_demo_passwords_are_for_their_owner_only(db: None, home: Path) -> None:
    facts = run("seed_demo")
    file = home / "demo_accounts.json"
    assert json.loads(file.read_text()) == facts
    assert file.stat().st_mode & 0o777 == 0o600


def test_seeding_again_changes_nothing(db: None, home: Path) -> None:
    def counts() -> list[int]:
        with tenant_scope(Tenant.objects.get(slug="demo").id):
            return [m.objects.count() for m in (User, Site, Camera, Roster, CostModelVersion)]

    first = run("seed_demo")
    before = counts()
    assert run("seed_demo") == first
    assert counts() == before


def test_seeding_after_the_file_was_lost_gives_new_secrets(
    db: None, spool: Path, home: Path
) -> None:
    first = run("seed_demo")
    (home / "demo_accounts.json").unlink()
    second = run("seed_demo")
    account = second["accounts"][0]
    assert account["password"] != first["accounts"][0]["password"]
    assert User.objects.get(email=account["email"]).check_password(account["password"])
    sender = Detector(second["source"]["id"], second["source"]["secret"])
    assert sender.send(stated(second["camera"])).status_code == 202
