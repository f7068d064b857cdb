"""Faces are seen for a reason, for ten minutes, by one person, on the record; everybody else sees them blurred."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.alerts.models import Alert, Clip
from apps.audit.events import Subject
from apps.audit.queries import events_of
from apps.evidence.models import EvidenceKind
from apps.evidence.operations import acquire_item
from apps.reviews.footage_queries import Blur, Version, footage_for
from apps.reviews.models import Reveal
from apps.reviews.operations import (
    UnableToRecordPlayback,
    UnableToReveal,
    cover_faces,
    record_playback,
    reveal_faces,
)
from apps.reviews.queries import marked_span_watched
from apps.storage.objects import StoredObject
from tests.console.people import signed_in
from tests.reviews.conftest import sign_in, watch
from tests.world import World

REASON = "The receipt names a person; compare."
API = "/api/v1/alerts"


def reveal(user: User, alert: Alert, reason: str = REASON, **more: Any) -> Reveal:
    now = more.pop("now", timezone.now())
    return reveal_faces(actor=sign_in(user), user=user, alert=alert, reason=reason, now=now)


def shown(user: User, alert: Alert, **more: Any) -> Version | None:
    footage = footage_for(user=user, alert=alert, now=more.pop("now", timezone.now()))
    assert footage is not None
    return footage.version


def without_blur(alert: Alert, note: str = "") -> Alert:
    Clip.objects.filter(alert=alert).update(blurred_key="", blur_note=note)
    return Alert.objects.select_related("clip").get(id=alert.id)


def events(alert: Alert) -> list[str]:
    found = events_of(tenant_id=alert.tenant_id, subjects=[Subject("alert", alert.id)])
    return [event.event for event in found]


def test_faces_are_blurred_until_a_person_reveals_them_and_after_their_time(
    world: World, waiting: Alert
) -> None:
    now = timezone.now()
    assert shown(world.operator, waiting, now=now) is Version.BLURRED
    opened = reveal(world.operator, waiting, now=now)
    assert shown(world.operator, waiting, now=now) is Version.ORIGINAL
    assert opened.expires_at == now + timedelta(minutes=10)
    assert shown(world.operator, waiting, now=opened.expires_at) is Version.BLURRED


def test_a_reveal_is_one_persons(world: World, waiting: Alert) -> None:
    reveal(world.operator, waiting)
    assert shown(world.second_operator, waiting) is Version.BLURRED


def test_faces_can_be_covered_again_at_once(world: World, waiting: Alert) -> None:
    reveal(world.operator, waiting)
    reveal(world.operator, waiting)
    now = timezone.now()
    actor = sign_in(world.operator)
    assert cover_faces(actor=actor, user=world.operator, alert=waiting, now=now)
    assert shown(world.operator, waiting) is Version.BLURRED
    assert not cover_faces(actor=actor, user=world.operator, alert=waiting, now=now)
    assert [name for name in events(waiting) if name.startswith("clip:")] == [
        "clip:revealed",
        "clip:revealed",
        "clip:covered",
    ]


@pytest.mark.parametrize(
    "reason", ["", "   ", "too short", " " * 20, "x" * 501, "with a \x00 in it"]
)
def test_a_reveal_needs_a_reason(world: World, waiting: Alert, reason: str) -> None:
    with pytest.raises(UnableToReveal, match="why the faces are needed"):
        reveal(world.operator, waiting, reason)
    assert not Reveal.objects.exists()


@pytest.mark.parametrize("who", ["store_manager", "compliance", "stranger", "foreign_operator"])
def test_who_may_not_reveal(world: World, waiting: Alert, who: str) -> None:
    with pytest.raises(UnableToReveal) as refused:
        reveal(getattr(world, who), waiting)
    assert refused.value.forbidden


def test_a_withdrawn_permission_ends_a_reveal(world: World, waiting: Alert) -> None:
    reveal(world.operator, waiting)
    world.operator.role = "compliance"
    assert shown(world.operator, waiting) is Version.BLURRED


def test_the_reason_is_in_the_row_and_a_commitment_in_the_chain(
    world: World, waiting: Alert
) -> None:
    opened = reveal(world.operator, waiting, f"  {REASON} ")
    assert opened.reason == REASON
    subject = Subject("alert", waiting.id)
    told = [e for e in events_of(tenant_id=world.tenant.id, subjects=[subject]) if "rev" in e.event]
    assert [dict(event.details) for event in told] == [{"reveal": str(opened.id), "seconds": 600}]
    assert told[0].actor == str(world.operator.id)


def test_the_database_keeps_a_reveal_as_it_was_made(world: World, waiting: Alert) -> None:
    opened = reveal(world.operator, waiting)
    later = opened.expires_at + timedelta(days=1)
    for change in ({"expires_at": later}, {"reason": "another reason"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Reveal.objects.filter(id=opened.id).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Reveal.objects.filter(id=opened.id).delete()
    opened.id, opened.reason = uuid4(), "short"
    with pytest.raises(IntegrityError), transaction.atomic():
        opened.save(force_insert=True)


# --- what is shown while there is no blurred copy


@pytest.mark.parametrize(("note", "blur"), [("", Blur.WAITING), ("too slow", Blur.FAILED)])
def test_footage_without_a_blurred_copy_is_shown_to_who_reveals_it_only(
    world: World, waiting: Alert, note: str, blur: Blur
) -> None:
    alert = without_blur(waiting, note)
    footage = footage_for(user=world.operator, alert=alert, now=timezone.now())
    assert footage is not None
    assert (footage.version, footage.key, footage.blur) == (None, "", blur)
    reveal(world.operator, alert)
    assert shown(world.operator, alert) is Version.ORIGINAL


def test_nobody_has_played_what_nobody_was_shown(world: World, waiting: Alert) -> None:
    alert = without_blur(waiting)
    with pytest.raises(UnableToRecordPlayback, match="not blurred"):
        watch(world.operator, alert)


def test_plays_of_either_version_count_together(world: World, waiting: Alert) -> None:
    watch(world.operator, waiting, (2_000, 4_000))
    assert not marked_span_watched(world.operator, waiting)
    reveal(world.operator, waiting)
    watch(world.operator, waiting, (4_000, 6_000))
    assert marked_span_watched(world.operator, waiting)


def test_a_reveal_of_before_counts_for_a_play_that_is_reported_late(
    world: World, waiting: Alert
) -> None:
    alert = without_blur(waiting)
    opened = reveal(world.operator, alert)
    record_playback(
        actor=sign_in(world.operator),
        user=world.operator,
        alert=alert,
        session="player",
        from_ms=0,
        to_ms=1_000,
        now=opened.expires_at + timedelta(seconds=30),
    )


# --- the clip, on screen and through the API


def location(user: User, alert: Alert) -> str:
    answer = signed_in(user).get(f"/alerts/{alert.id}/clip/")
    assert answer.status_code == 302
    return str(answer["Location"])


def test_the_player_is_handed_the_version_it_may_show_and_the_record_says_which(
    s3: dict[str, str], world: World, waiting: Alert
) -> None:
    Clip.objects.filter(alert=waiting).update(playable_key="with-faces", blurred_key="blurred")
    assert "/blurred?" in location(world.operator, waiting)
    opened = reveal(world.operator, waiting)
    assert "/with-faces?" in location(world.operator, waiting)
    assert "/blurred?" in location(world.second_operator, waiting)
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        assert footage_for(user=world.operator, alert=waiting, now=timezone.now()).version is (  # type: ignore[union-attr]
            Version.BLURRED
        )
    subject = Subject("alert", waiting.id)
    viewed = [
        event.details
        for event in events_of(tenant_id=world.tenant.id, subjects=[subject])
        if event.event == "clip:viewed"
    ]
    assert [details["version"] for details in viewed] == ["blurred", "original", "blurred"]
    assert viewed[1]["reveal"] == str(opened.id)


def test_without_a_blurred_copy_there_is_no_address(world: World, waiting: Alert) -> None:
    without_blur(waiting)
    assert signed_in(world.operator).get(f"/alerts/{waiting.id}/clip/").status_code == 404


def test_a_person_reveals_and_covers_on_the_page(world: World, waiting: Alert) -> None:
    client = signed_in(world.operator)
    page = f"/alerts/{waiting.id}/"
    offered = client.get(page).text
    assert 'popovertarget="reveal-dialog"' in offered
    assert offered.count('id="reveal-dialog"') == 1
    answer = client.post(f"{page}reveal/", {"reason": REASON})
    assert (answer.status_code, answer["Location"]) == (302, page)
    revealed = client.get(page).text
    assert "Faces revealed until" in revealed
    assert "Cover again" in revealed
    client.post(f"{page}cover/")
    assert "Faces revealed until" not in client.get(page).text


def test_a_reveal_without_a_reason_says_what_is_missing(world: World, waiting: Alert) -> None:
    client = signed_in(world.operator)
    answer = client.post(f"/alerts/{waiting.id}/reveal/", {"reason": "why"}, follow=True)
    assert "Faces stay blurred" in answer.text
    assert not Reveal.objects.exists()


def test_the_page_says_that_faces_are_being_blurred_and_looks_again(
    world: World, waiting: Alert
) -> None:
    without_blur(waiting)
    page = signed_in(world.operator).get(f"/alerts/{waiting.id}/").text
    assert "Faces are being blurred" in page
    assert "every 10s" in page
    assert "<video" not in page


def test_the_page_says_why_faces_could_not_be_blurred(world: World, waiting: Alert) -> None:
    without_blur(waiting, "Reading the clip took longer than 1200 s and was stopped.")
    page = signed_in(world.operator).get(f"/alerts/{waiting.id}/").text
    assert "Faces could not be blurred" in page
    assert "longer than 1200 s" in page
    assert "Reveal faces" in page
    assert "<video" not in page


@pytest.mark.parametrize("act", ["reveal", "cover"])
def test_strangers_and_the_unauthorised_reveal_nothing(
    world: World, waiting: Alert, act: str
) -> None:
    for person, status in (
        (world.stranger, 404),
        (world.foreign_operator, 404),
        (world.store_manager, 403),
        (world.compliance, 403),
    ):
        answer = signed_in(person).post(f"/alerts/{waiting.id}/{act}/", {"reason": REASON})
        assert answer.status_code == status
    assert not Reveal.objects.exists()


def test_the_api_follows_the_same_rules(world: World, waiting: Alert) -> None:
    client, address = signed_in(world.operator), f"{API}/{waiting.id}"
    assert client.get(f"{address}/footage/").json()["version"] == "blurred"
    kind = {"content_type": "application/json"}
    assert client.post(f"{address}/reveal/", {"reason": "short"}, **kind).status_code == 400
    answer = client.post(f"{address}/reveal/", {"reason": REASON}, **kind)
    assert answer.status_code == 201
    assert answer.json()["version"] == "original"
    assert answer.json()["revealed_until"]
    assert client.delete(f"{address}/reveal/").json()["version"] == "blurred"
    assert signed_in(world.foreign_operator).get(f"{address}/footage/").status_code == 404
    refused = signed_in(world.compliance).post(f"{address}/reveal/", {"reason": REASON}, **kind)
    assert refused.status_code == 403


# --- other ways to the same pictures


def test_a_working_copy_with_faces_needs_a_reveal_too(
    s3: dict[str, str], world: World, waiting: Alert
) -> None:
    Clip.objects.filter(alert=waiting).update(blurred_key="blurred")

    def address(key: str) -> str:
        item = acquire_item(
            actor=sign_in(world.operator),
            alert=waiting,
            kind=EvidenceKind.WORKING,
            bucket="media",
            stored=StoredObject(key=key, size=4, etag="e", version_id=key, sha256="ab" * 32),
            media_type="video/mp4",
            now=timezone.now(),
        )
        return f"/evidence/{item.id}/"

    copy, blurred = address("copy"), address("blurred")
    client = signed_in(world.operator)
    assert client.get(blurred).status_code == 302
    assert client.get(copy).status_code == 403
    reveal(world.operator, waiting)
    assert client.get(copy).status_code == 302
