"""What moved a score comes after the routing: pending, then shown, or said why not; withheld from a blind judge."""

import io
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert, Clip
from apps.alerts.operations.explaining import note_not_explained, record_explained
from apps.alerts.saliency import (
    BLIND,
    NO_CLIP,
    NOT_MADE,
    PATIENCE,
    SaliencyState,
    UnableToReadSaliency,
    read_saliency,
    saliency_standing,
)
from apps.audit.events import Subject
from apps.audit.queries import events_of
from apps.storage.store import media_store
from apps.triage.canonical import canonical_bytes
from apps.triage.decoding import encode
from tests.console.people import signed_in
from tests.triage.test_saliency_record import RECORD
from tests.world import NOW, World, make_waiting_alert

pytestmark = pytest.mark.django_db


def explained(world: World, content: bytes | None = None) -> Alert:
    """An alert that came today, its maps stored."""
    alert = fresh(world)
    stored = canonical_bytes(encode(RECORD)) if content is None else content
    key = f"tenants/{world.tenant.id}/alerts/{alert.id}/working/saliency.json"
    media_store().put_stream(key=key, stream=io.BytesIO(stored), length=len(stored))
    record_explained(alert_id=alert.id, key=key, facts={"evaluations": 121}, now=NOW)
    return Alert.objects.get(id=alert.id)


def fresh(world: World, **fields: object) -> Alert:
    alert = make_waiting_alert(world.camera, **fields)
    Alert.objects.filter(id=alert.id).update(received_at=timezone.now())
    return Alert.objects.get(id=alert.id)


def part_of(world: World, alert: Alert) -> str:
    answer = signed_in(world.operator).get(
        f"/alerts/{alert.id}/saliency/", headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_is_pending_first_and_the_part_of_the_page_follows_by_itself(world: World) -> None:
    alert = fresh(world)
    part = part_of(world, alert)
    assert "Being worked out" in part
    assert f'data-live-ids="{alert.id}"' in part
    assert "data-saliency" not in part


def test_a_map_that_is_there_is_shown_with_its_shares_and_how_far_to_trust_it(
    s3: dict[str, str], world: World
) -> None:
    alert = explained(world)
    part = part_of(world, alert)
    assert "Hand at clothing 62%" in part
    assert "not known" in part
    assert "No shelf is drawn." in part
    assert "Not reliable: hiding what it names" in part
    assert "rank correlation" in part
    assert "data-live-ids" not in part
    assert f'data-saliency="/alerts/{alert.id}/saliency/map/"' in part
    assert " style=" not in part


def test_the_map_for_the_player_says_which_part_can_be_trusted(
    s3: dict[str, str], world: World
) -> None:
    alert = explained(world)
    answer = signed_in(world.operator).get(f"/alerts/{alert.id}/saliency/map/").json()
    assert answer["record"]["picture"]["grid"] == [[0.0, 0.1], [-0.02, 0.0]]
    assert answer["reliable"] == {"picture": True, "joints": False}
    assert answer["stated_grid"] is None


def test_without_javascript_it_is_a_page_of_its_own(s3: dict[str, str], world: World) -> None:
    alert = explained(world)
    page = signed_in(world.operator).get(f"/alerts/{alert.id}/saliency/").content.decode()
    assert "<html" in page
    assert "Hand at clothing" in page


def test_the_detectors_own_map_is_shown_as_its_own(world: World) -> None:
    alert = fresh(world)
    Alert.objects.filter(id=alert.id).update(saliency_grid=[[0.1, 0.9]])
    assert "sent a map of its own" in part_of(world, alert)
    answer = signed_in(world.operator).get(f"/alerts/{alert.id}/saliency/map/").json()
    assert answer["stated_grid"] == [[0.1, 0.9]]
    assert answer["record"] is None
    page = signed_in(world.operator).get(f"/alerts/{alert.id}/").content.decode()
    assert "Detector's own map" in page.replace("&#x27;", "'")


def test_a_blind_judge_sees_no_map_on_any_channel(s3: dict[str, str], world: World) -> None:
    alert = explained(world)
    Alert.objects.filter(id=alert.id).update(sampled_blind=True, saliency_grid=[[1.0]])
    assert "Hand at clothing" not in part_of(world, alert)
    assert BLIND in part_of(world, alert)
    browser = signed_in(world.operator)
    layer = browser.get(f"/alerts/{alert.id}/saliency/map/").json()
    assert layer["record"] is None
    assert layer["stated_grid"] is None
    assert browser.get(f"/api/v1/alerts/{alert.id}/saliency/").status_code == 403
    told = browser.get(f"/api/v1/alerts/{alert.id}/").json()["saliency"]
    assert (told["state"], told["url"]) == ("withheld", None)


def test_who_sees_it(s3: dict[str, str], world: World) -> None:
    alert = explained(world)
    paths = ("saliency/", "saliency/map/")
    for person in (world.stranger, world.foreign_operator):
        for path in paths:
            assert signed_in(person).get(f"/alerts/{alert.id}/{path}").status_code == 404
        assert signed_in(person).get(f"/api/v1/alerts/{alert.id}/saliency/").status_code == 404
    manager = signed_in(world.store_manager)
    assert (
        manager.get(f"/alerts/{alert.id}/saliency/", headers={"HX-Request": "true"}).status_code
        == 200
    )
    assert manager.get(f"/alerts/{alert.id}/saliency/map/").status_code == 403


def test_the_api_gives_the_record_and_the_alert_says_where(
    s3: dict[str, str], world: World
) -> None:
    alert = explained(world)
    browser = signed_in(world.operator)
    told = browser.get(f"/api/v1/alerts/{alert.id}/").json()["saliency"]
    assert told["state"] == "ready"
    assert told["url"].endswith(f"/api/v1/alerts/{alert.id}/saliency/")
    answer = browser.get(f"/api/v1/alerts/{alert.id}/saliency/")
    assert answer.json() == encode(RECORD)
    assert browser.get(f"/api/v1/alerts/{fresh(world).id}/saliency/").status_code == 404


def test_a_stored_map_that_cannot_be_read_is_not_shown_and_said_so(
    s3: dict[str, str], world: World
) -> None:
    alert = explained(world, content=b'{"version": 9}')
    with pytest.raises(UnableToReadSaliency):
        read_saliency(alert)
    assert "cannot be read" in part_of(world, alert)
    answer = signed_in(world.operator).get(f"/api/v1/alerts/{alert.id}/saliency/")
    assert answer.status_code == 503


def test_why_there_is_none_is_a_sentence(world: World) -> None:
    alert = fresh(world)
    note_not_explained(alert_id=alert.id, reason="Nobody was seen long enough to be scored.")
    assert "Nobody was seen long enough" in part_of(world, alert)
    bare = fresh(world, clip=False)
    assert saliency_standing(bare, now=timezone.now()).why == NO_CLIP


def test_an_alert_from_before_is_not_pending_for_ever(world: World) -> None:
    alert = fresh(world)
    Clip.objects.filter(alert=alert).update(analysis_key="a")
    late = saliency_standing(
        Alert.objects.get(id=alert.id), now=alert.received_at + PATIENCE + timedelta(minutes=1)
    )
    assert (late.state, late.why) == (SaliencyState.ABSENT, NOT_MADE)


def test_recording_is_one_event_however_often_it_is_said(world: World) -> None:
    alert = fresh(world)
    with tenant_scope(world.tenant.id):
        for _ in range(2):
            note_not_explained(alert_id=alert.id, reason="No person was seen.")
        for _ in range(2):
            record_explained(alert_id=alert.id, key="k1", facts={"reliable": True}, now=NOW)
        note_not_explained(alert_id=alert.id, reason="Too late to say so.")
    clip = Clip.objects.get(alert=alert)
    assert (clip.saliency_key, clip.saliency_note) == ("k1", "")
    told = events_of(tenant_id=world.tenant.id, subjects=[Subject("alert", alert.id)])
    assert [event.event for event in told].count("clip:explained") == 2
