"""The pages: everything off is explained, strangers find nothing, wrong roles are refused, each look is recorded."""

import io
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from PIL import Image

from apps.accounts.models import User
from apps.sites.models import Camera, PlacePicture
from apps.watchlists.models import EntryImage, LegalGate, Sighting, WatchlistEntry
from apps.watchlists.models.sightings import Answer
from apps.watchlists.operations.leads import judge_lead
from apps.watchlists.queries.entries import entry_digest
from apps.watchlists.queries.sighting_map import site_weeks
from apps.watchlists.queries.words import alike_words
from tests.console.people import signed_in
from tests.watchlists.people import (
    NECESSITY,
    SERIOUS,
    a_lead,
    actor,
    checked,
    confirmed_alert,
    events_of,
    fill,
    in_force,
    propose,
)
from tests.world import NOW, World

pytestmark = pytest.mark.django_db
REASON = "Same ears, same scar on the chin."


def page(user: User, path: str, status: int = 200) -> str:
    answer = signed_in(user).get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def post(client: Client, path: str, data: dict[str, object], status: int = 302) -> str:
    answer = client.post(path, data)
    assert answer.status_code == status, answer.content.decode()[-3000:]
    return answer.content.decode()


@pytest.fixture
def gate(world: World) -> None:
    fill(world.compliance, now=timezone.now())


# --- the gate


def test_switched_off_every_page_says_so_and_what_is_missing(world: World) -> None:
    for path in ("/watchlist/", "/watchlist/approvals/", "/watchlist/gate/"):
        shown = page(world.compliance, path)
        assert "Watchlists are off" in shown
        assert "No lawful basis is recorded." in shown
    shown = page(world.lead, f"/watchlist/propose/{confirmed_alert(world).id}/")
    assert "Watchlists are off" in shown
    assert "<textarea" not in shown


def test_the_gate_is_filled_step_by_step(world: World) -> None:
    client, today = signed_in(world.compliance), timezone.now().date()
    basis = {
        "lawful_basis": "art_6_1_f",
        "special_category_condition": "art_9_2_g",
        "basis_text": "Prevention of theft, as national law allows.",
        "instead_of": 0,
    }
    post(client, "/watchlist/gate/basis/", basis)
    post(
        client,
        "/watchlist/gate/dpia/",
        {"dpia_version": "1.2", "dpia_on": today.isoformat(), "instead_of": 1},
    )
    assert "Watchlists are off" in page(world.compliance, "/watchlist/gate/")
    sign_off = {
        "signatory": "Data protection officer",
        "signed_on": today.isoformat(),
        "valid_until": (today + timedelta(days=365)).isoformat(),
    }
    late = post(client, "/watchlist/gate/sign-off/", sign_off | {"instead_of": 1}, 409)
    assert "Somebody else changed the gate" in late
    assert "Data protection officer" in late
    post(client, "/watchlist/gate/sign-off/", sign_off | {"instead_of": 2})
    assert "Watchlists are on until" in page(world.compliance, "/watchlist/gate/")
    post(
        client,
        "/watchlist/gate/withdraw/",
        {"reason": "The authority asked us to stop.", "instead_of": 3},
    )
    assert "It was withdrawn" in page(world.compliance, "/watchlist/gate/")
    assert LegalGate.objects.count() == 4


def test_a_step_that_is_wrong_keeps_what_was_written(world: World) -> None:
    shown = post(
        signed_in(world.compliance),
        "/watchlist/gate/dpia/",
        {"dpia_version": "my version", "dpia_on": "soon", "instead_of": 0},
        422,
    )
    assert "my version" in shown
    assert "Enter a valid date" in shown


def test_a_gate_is_changed_after_proving_who_one_is(world: World) -> None:
    client = signed_in(world.compliance, seconds_ago=3600)
    answer = client.post("/watchlist/gate/dpia/", {"dpia_version": "kept words", "instead_of": 0})
    assert answer.status_code == 302
    assert "/reauthenticate/" in answer["Location"]
    assert "kept words" in client.get("/watchlist/gate/").content.decode()
    assert not LegalGate.objects.exists()


# --- who sees what


def test_strangers_find_nothing_and_the_wrong_role_is_refused(world: World, gate: None) -> None:
    entry = in_force(world)
    lead = a_lead(world, entry)
    image = entry.images.get()
    of_entry = [
        f"/watchlist/entries/{entry.id}/",
        f"/watchlist/entries/{entry.id}/history/",
        f"/watchlist/entries/{entry.id}/images/{image.id}/",
    ]
    of_lead = [f"/watchlist/leads/{lead.id}/{end}" for end in ("", "crop/", "enrolment/")]
    for path in of_entry + of_lead:
        page(world.foreign_operator, path, 404)
    for path in of_entry:
        page(world.operator, path, 403)
    for path in of_lead:
        page(world.stranger, path, 404)
        page(world.store_manager, path, 403)
    for path in ("/watchlist/", "/watchlist/approvals/", "/watchlist/gate/"):
        page(world.operator, path, 403)
    page(world.ops, "/watchlist/leads/", 403)
    page(world.compliance, f"/watchlist/entries/{uuid4()}/", 404)
    assert Client().get("/watchlist/").status_code == 302


def test_a_foreign_tenant_can_do_nothing_either(world: World, gate: None) -> None:
    entry = checked(world)
    client = signed_in(world.foreign_operator)
    for end in ("decide", "renew", "stop", "object", "erase"):
        post(client, f"/watchlist/entries/{entry.id}/{end}/", {"reason": REASON}, 404)
    post(client, f"/watchlist/leads/{a_lead(world, in_force(world)).id}/judge/", {}, 404)
    page(world.foreign_operator, f"/watchlist/propose/{confirmed_alert(world).id}/", 404)


def test_each_look_at_an_entry_its_picture_and_its_history_is_recorded(
    world: World, gate: None
) -> None:
    entry = in_force(world)
    image = entry.images.get()
    page(world.lead, f"/watchlist/entries/{entry.id}/")
    answer = signed_in(world.lead).get(f"/watchlist/entries/{entry.id}/images/{image.id}/")
    assert answer.status_code == 302
    assert "X-Amz-Expires=60" in answer["Location"]
    page(world.lead, f"/watchlist/entries/{entry.id}/history/")
    kinds = ("watchlist_entry:viewed", "watchlist_entry:image_viewed", "sighting:history_viewed")
    assert [len(events_of(kind)) for kind in kinds] == [1, 1, 1]
    for kind in kinds:
        assert str(world.lead.id) in {event.actor for event in events_of(kind)}


def test_the_rail_offers_what_the_role_may_do(world: World) -> None:
    assert 'href="/watchlist/"' in page(world.compliance, "/cases/")
    shown = page(world.operator, "/cases/")
    assert 'href="/watchlist/leads/"' in shown
    assert 'href="/watchlist/"' not in shown


# --- proposing


def proposal(world: World, **changes: object) -> dict[str, object]:
    return {
        "category": "repeated_theft",
        "seriousness": SERIOUS,
        "necessity": NECESSITY,
        "display_name": "man with red cap",
        "sites": [str(world.site.id)],
        "at_seconds": "3.2",
        "at_x": "50",
        "at_y": "30",
        "valid_days": "60",
        "review_days": "30",
        "declared_adult": "on",
        "declared_not_vulnerable": "on",
        "declared_not_staff": "on",
    } | changes


def test_a_lead_proposes_from_a_confirmed_alert(world: World, gate: None) -> None:
    alert = confirmed_alert(world)
    path = f"/watchlist/propose/{alert.id}/"
    assert "another person decides" in page(world.lead, path)
    post(signed_in(world.lead), path, proposal(world))
    entry = WatchlistEntry.objects.get(alert=alert)
    image = entry.images.get()
    assert (image.source, image.at_seconds, image.at_x) == ("clip", 3.2, 0.5)
    shown = page(world.lead, f"/watchlist/entries/{entry.id}/")
    assert "man with red cap" in shown
    assert "Proposed" in shown


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"declared_adult": ""}, "This field is required"),
        ({"at_x": ""}, "Give the moment and where the face is"),
        ({"at_seconds": "", "at_x": "", "at_y": ""}, "Point at the face in the clip"),
        ({"category": "looks_wrong"}, "Select a valid choice"),
        ({"valid_days": "366"}, "365"),
        ({"sites": []}, "This field is required"),
    ],
    ids=["minor", "half-a-place", "no-face", "category", "a-year-and-a-day", "nowhere"],
)
def test_a_proposal_that_is_wrong_keeps_what_was_written(
    world: World, gate: None, changes: dict[str, object], said: str
) -> None:
    path = f"/watchlist/propose/{confirmed_alert(world).id}/"
    shown = post(signed_in(world.lead), path, proposal(world, **changes), 422)
    assert said in shown
    assert NECESSITY in shown
    assert not WatchlistEntry.objects.exists()


def picture(form: str = "PNG", size: tuple[int, int] = (120, 160)) -> io.BytesIO:
    made = io.BytesIO()
    Image.new("RGB", size, (90, 120, 60)).save(made, format=form)
    made.seek(0)
    made.name = "IMG_0042 Jane Doe.png"
    return made


def test_an_uploaded_picture_is_kept_as_pixels_only(
    world: World, gate: None, s3: dict[str, str]
) -> None:
    from apps.storage.store import media_store

    alert = confirmed_alert(world)
    data = proposal(world, at_seconds="", at_x="", at_y="", picture=picture())
    post(signed_in(world.lead), f"/watchlist/propose/{alert.id}/", data)
    image = EntryImage.objects.get(entry__alert=alert)
    assert (image.source, image.width, image.height) == ("upload", 120, 160)
    assert f"watchlist/{image.entry_id}/images/" in image.key
    with media_store().get_stream(key=image.key) as stream:
        stored = stream.read()
    assert stored[:2] == b"\xff\xd8"
    assert b"Jane" not in stored


@pytest.mark.parametrize(
    ("upload", "said"),
    [
        (lambda: picture(size=(40, 40)), "80 to 8000 pixels"),
        (lambda: picture(form="GIF"), "not a readable JPEG or PNG"),
        (lambda: io.BytesIO(b"\x89PNG\r\n\x1a\n broken"), "not a readable JPEG or PNG"),
    ],
    ids=["tiny", "gif", "broken"],
)
def test_a_file_that_is_no_picture_is_refused_in_words(
    world: World, gate: None, upload: Callable[[], io.BytesIO], said: str
) -> None:
    data = proposal(world, at_seconds="", at_x="", at_y="", picture=upload())
    path = f"/watchlist/propose/{confirmed_alert(world).id}/"
    assert said in post(signed_in(world.lead), path, data, 409)


# --- approving


def test_compliance_approves_what_the_page_shows(world: World, gate: None) -> None:
    entry = checked(world)
    path = f"/watchlist/entries/{entry.id}/"
    assert entry.reference in page(world.compliance, "/watchlist/approvals/")
    shown = page(world.compliance, path)
    assert entry_digest(entry) in shown
    seen = {"version": entry.version, "digest": entry_digest(entry), "decision": "approve"}
    stale = post(signed_in(world.compliance), f"{path}decide/", seen | {"digest": "0" * 64}, 409)
    assert "changed since you looked" in stale
    post(signed_in(world.compliance), f"{path}decide/", seen)
    entry.refresh_from_db()
    assert entry.state == "active"
    assert "Face being enrolled" in page(world.compliance, path)


def test_the_proposer_is_told_why_they_cannot_approve(world: World, gate: None) -> None:
    entry = checked(world, by=world.administrator)
    path = f"/watchlist/entries/{entry.id}/"
    assert "another person has to approve it" in page(world.administrator, path)
    seen = {"version": entry.version, "digest": entry_digest(entry), "decision": "approve"}
    shown = post(signed_in(world.administrator), f"{path}decide/", seen, 409)
    assert "another person has to approve it" in shown


def test_approving_needs_a_recent_sign_in(world: World, gate: None) -> None:
    entry = checked(world)
    seen = {"version": entry.version, "digest": entry_digest(entry), "decision": "approve"}
    client = signed_in(world.compliance, seconds_ago=3600)
    answer = client.post(f"/watchlist/entries/{entry.id}/decide/", seen)
    assert "/reauthenticate/" in answer["Location"]
    entry.refresh_from_db()
    assert entry.state == "awaiting_approval"


def test_a_refusal_needs_a_reason(world: World, gate: None) -> None:
    entry = checked(world)
    seen = {"version": entry.version, "digest": entry_digest(entry), "decision": "refuse"}
    path = f"/watchlist/entries/{entry.id}/decide/"
    assert "why" in post(signed_in(world.compliance), path, seen, 409)
    post(signed_in(world.compliance), path, seen | {"reason": "Not serious enough."})
    entry.refresh_from_db()
    assert entry.state == "refused"


def test_an_entry_is_renewed_objected_to_ruled_on_and_erased_on_its_page(
    world: World, gate: None
) -> None:
    entry = in_force(world)
    path = f"/watchlist/entries/{entry.id}/"
    lead, compliance = signed_in(world.lead), signed_in(world.compliance)
    post(
        lead,
        f"{path}renew/",
        {"necessity": NECESSITY, "valid_days": 100, "review_days": 20},
    )
    renewal = entry.renewals.get()
    assert "Renewal for 100 days" in page(world.compliance, "/watchlist/approvals/")
    post(lead, f"{path}object/", {"reason": "She called and says it was not her."})
    assert "Suspended" in page(world.lead, path)
    objection = entry.objections.get()
    refused = compliance.post(
        f"/watchlist/renewals/{renewal.id}/decide/",
        {"version": entry.version, "digest": "0" * 64, "decision": "approve"},
    )
    assert refused.status_code == 409
    ruling = f"{path}objections/{objection.id}/"
    post(lead, ruling, {"upheld": "yes", "reason": REASON}, 403)
    post(compliance, ruling, {"upheld": "yes", "reason": "It was not this person."})
    shown = page(world.compliance, path)
    assert "Erased" in shown
    assert NECESSITY not in shown
    assert not EntryImage.objects.exists()


def test_an_ended_entry_is_listed_apart(world: World, gate: None) -> None:
    entry = in_force(world)
    post(
        signed_in(world.lead),
        f"/watchlist/entries/{entry.id}/stop/",
        {"reason": "The person moved away."},
    )
    assert entry.reference not in page(world.lead, "/watchlist/")
    assert entry.reference in page(world.lead, "/watchlist/?show=ended")
    assert page(world.lead, "/watchlist/?page=x")


# --- leads


def test_a_lead_shows_its_figures_and_asks_one_question(world: World, gate: None) -> None:
    lead = a_lead(world, in_force(world))
    assert lead.reference in page(world.operator, "/watchlist/leads/")
    shown = page(world.operator, f"/watchlist/leads/{lead.id}/")
    assert "Of 1,000 people not on the list, 1 would look this alike" in shown
    assert "0.410" in shown
    assert "man with red cap" not in shown


def test_the_second_person_does_not_see_what_the_first_said(world: World, gate: None) -> None:
    lead = a_lead(world, in_force(world))
    path = f"/watchlist/leads/{lead.id}/"
    post(signed_in(world.operator), f"{path}judge/", {"answer": "different", "reason": REASON})
    assert "You said" in page(world.operator, path)
    shown = page(world.second_operator, path)
    assert REASON not in shown
    assert "You said" not in shown
    post(signed_in(world.second_operator), f"{path}judge/", {"answer": "same", "reason": REASON})
    for user in (world.operator, world.second_operator):
        assert page(user, path).count(REASON) == 2
    assert "did not agree" in page(world.operator, path)


def test_an_answer_needs_a_recent_sign_in_and_loses_nothing(world: World, gate: None) -> None:
    lead = a_lead(world, in_force(world))
    client = signed_in(world.operator, seconds_ago=3600)
    answer = client.post(f"/watchlist/leads/{lead.id}/judge/", {"answer": "same", "reason": REASON})
    assert "/reauthenticate/" in answer["Location"]
    assert REASON in client.get(f"/watchlist/leads/{lead.id}/").content.decode()


def test_the_history_shows_sites_and_times_of_confirmed_sightings(world: World, gate: None) -> None:
    entry = in_force(world)
    lead = a_lead(world, entry)
    for user in (world.operator, world.second_operator):
        judge_lead(
            actor=actor(user), user=user, lead=lead, answer=Answer.SAME, reason=REASON, now=NOW
        )
    assert Sighting.objects.filter(entry=entry).exists()
    shown = page(world.compliance, f"/watchlist/entries/{entry.id}/history/")
    assert world.site.name in shown
    assert world.camera.name in shown


@time_machine.travel(NOW + timedelta(hours=2))
def test_sightings_are_counted_by_site_week_and_camera_for_those_allowed(
    world: World, gate: None
) -> None:
    entry = in_force(world)
    lead = a_lead(world, entry)
    for user in (world.operator, world.second_operator):
        judge_lead(
            actor=actor(user), user=user, lead=lead, answer=Answer.SAME, reason=REASON, now=NOW
        )
    late = site_weeks(world.compliance, now=NOW + timedelta(weeks=9))
    assert {one.in_all for one in late} == {0}
    [here, *_] = site_weeks(world.compliance, now=NOW + timedelta(weeks=1))
    assert (here.site, here.counts[-2:], here.in_all) == (world.site, (1, 0), 1)
    assert entry.reference not in page(world.compliance, "/watchlist/sightings/")
    before = len(events_of("sighting:history_viewed"))
    listed = page(world.compliance, f"/watchlist/sightings/?site={world.site.id}")
    assert f"{world.camera.name}: 1 confirmed sighting" in listed
    assert entry.reference in listed
    assert len(events_of("sighting:history_viewed")) == before + 1
    PlacePicture.objects.create(
        tenant=world.tenant,
        site=world.site,
        key="plan",
        sha256="0" * 64,
        width=320,
        height=200,
        uploaded_by=world.administrator,
        uploaded_at=NOW,
    )
    Camera.objects.filter(id=world.camera.id).update(plan_x=0.5, plan_y=0.1)
    drawn = page(world.compliance, f"/watchlist/sightings/?site={world.site.id}")
    assert '<svg x="50.00%" y="10.00%">' in drawn
    for person in (world.operator, world.store_manager, world.ops, world.foreign_operator):
        page(person, "/watchlist/sightings/", 403)
    elsewhere = page(world.compliance, "/watchlist/sightings/?site=nonsense")
    assert "this look is recorded" not in elsewhere


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (0.001, "of 1,000 people not on the list, 1 would look this alike"),
        (0.0123, "of 1,000 people not on the list, 12 would look this alike"),
        (0.00004, "of 100,000 people not on the list, 4 would look this alike"),
        (0.0, "not known yet"),
    ],
)
def test_an_error_rate_is_told_as_people(rate: float, words: str) -> None:
    assert words in alike_words(rate)


def test_a_proposal_is_not_offered_where_it_cannot_be_made(world: World, gate: None) -> None:
    alert = confirmed_alert(world, "false_alarm")
    assert "this one is not" in page(world.lead, f"/watchlist/propose/{alert.id}/")
    page(world.operator, f"/watchlist/propose/{alert.id}/", 403)
    page(world.stranger, f"/watchlist/propose/{alert.id}/", 404)
    post(signed_in(world.lead), f"/watchlist/propose/{alert.id}/", proposal(world), 409)
    propose(world)
