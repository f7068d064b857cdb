"""STOP: who may press it, what it holds back, what goes on when it is lifted, and in which order."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.alerts import outbox
from apps.alerts.models import Alert, OutboxEntry
from apps.alerts.operations.analysis import begin_analysis, record_assessment
from apps.alerts.stopped import held_by_stop, stop_holding, take_up_clips
from apps.audit.events import Actor, Channel, Event
from apps.audit.models import InboxEntry
from apps.oversight.queries.halting import haltings_of, stop_figures
from apps.sites.models import Site, Stop
from apps.sites.queries import stop_covering, stopped_between
from apps.sites.stopping import UnableToResume, UnableToStop, resume_machine, stop_machine
from apps.triage.assessment import record_json
from apps.triage.reasons import ReasonCode
from tests.alerts.senders import Detector, stated
from tests.console.people import signed_in
from tests.workers.test_assessing import record_of, run
from tests.world import (
    NOW,
    World,
    assess_alert,
    make_alert,
    make_camera,
    make_person,
    make_waiting_alert,
)
from workers.activities.matching import compare_faces
from workflows import client
from workflows.client import Server
from workflows.messages import AlertRef

pytestmark = pytest.mark.django_db
WHY = "The aisle camera shows yesterday."


@pytest.fixture
def temporal(temporal_server: str) -> Iterator[None]:
    client.configure(Server(address=temporal_server))
    yield
    client.close()


@pytest.fixture
def detector(world: World) -> Detector:
    from tests.alerts.senders import make_detector

    return make_detector(world.tenant)


def actor_for(user: User) -> Actor:
    return Actor(tenant_id=user.tenant_id, user_id=user.id, role=user.role, channel=Channel.SCREEN)


def press(user: User, **target: object) -> Stop:
    return stop_machine(actor=actor_for(user), user=user, reason=WHY, now=timezone.now(), **target)


def lift(user: User, stop: Stop) -> None:
    resume_machine(
        actor=actor_for(user), user=user, stop=stop, reason="The clock is right", now=timezone.now()
    )


def covering(world: World) -> Stop | None:
    camera = world.camera
    return stop_covering(tenant_id=camera.tenant_id, site_id=camera.site_id, camera_id=camera.id)


@pytest.mark.parametrize("scope", ["camera", "site", "tenant"])
def test_a_stop_covers_its_cameras_until_it_is_lifted(world: World, scope: str) -> None:
    target = {"camera": world.camera, "site": world.site, "tenant": None}[scope]
    stop = press(world.administrator, **({scope: target} if target else {}))

    assert (covering(world), stop.scope) == (stop, scope)
    lift(world.administrator, stop)
    assert covering(world) is None


def test_a_stop_of_one_camera_leaves_its_neighbour_alone(world: World) -> None:
    neighbour = make_camera(world.site)
    press(world.operator, camera=neighbour)
    assert covering(world) is None


def test_whoever_works_at_some_sites_only_may_not_stop_everything(world: World) -> None:
    assert Site.objects.filter(tenant=world.tenant).count() > 1
    with pytest.raises(UnableToStop):
        press(world.operator)
    with pytest.raises(UnableToStop):
        press(world.operator, site=world.other_site)
    assert not Stop.objects.exists()


def test_an_operator_stops_and_only_a_lead_lets_it_go_on(world: World) -> None:
    stop = press(world.operator, site=world.site)
    with pytest.raises(UnableToResume):
        lift(world.operator, stop)
    lift(world.lead, stop)
    stop.refresh_from_db()
    assert (stop.state, stop.lifted_by) == ("lifted", world.lead)
    with pytest.raises(UnableToResume, match="already"):
        lift(world.lead, stop)


def test_pressing_twice_is_one_stop_and_one_event(world: World) -> None:
    assert press(world.operator, site=world.site) == press(world.second_operator, site=world.site)
    assert InboxEntry.objects.filter(event=Event.MACHINE_STOPPED.value).count() == 1


def test_who_stopped_what_and_why_cannot_be_rewritten(world: World) -> None:
    stop = press(world.operator, site=world.site)
    for change in ({"reason": "Nothing"}, {"stopped_by": world.lead}, {"stopped_at": NOW}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Stop.objects.filter(id=stop.id).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        stop.delete()


def test_accepted_alerts_wait_while_stopped_and_start_in_order_afterwards(
    world: World, detector: Detector, temporal: None, settings: object
) -> None:
    settings.ALERTS_IN_FLIGHT = 1  # type: ignore[attr-defined]
    stop = press(world.operator, site=world.site)
    sent = [detector.send(stated(world.camera.slug)) for _ in range(2)]

    assert [answer.status_code for answer in sent] == [202, 202]
    assert outbox.start_waiting(now=timezone.now()) == 0
    first, second = (Alert.objects.get(id=answer.json()["id"]) for answer in sent)
    assert [entry.alert_id for entry in held_by_stop()] == [first.id, second.id]
    assert stop_holding(first) == stop

    lift(world.lead, stop)
    assert outbox.start_waiting(now=timezone.now()) == 1
    assert OutboxEntry.objects.get(state="started").alert_id == first.id


def test_an_alert_in_analysis_when_stop_is_pressed_is_verified_at_most(world: World) -> None:
    alert = make_alert(world.camera, clip=False)
    press(world.operator, camera=world.camera)

    standing = run(alert)

    assert (standing.state, standing.strategy) == ("awaiting_review", "verify")
    assert record_of(alert).inputs.stopped
    assert ReasonCode.STOPPED in record_of(alert).decision.reason_codes


def test_an_alert_that_was_held_is_verified_at_most_also_after_the_machine_goes_on(
    world: World,
) -> None:
    alert, later = make_alert(world.camera, clip=False), make_alert(world.camera, clip=False)
    lift(world.administrator, press(world.administrator))
    Alert.objects.filter(id=later.id).update(received_at=timezone.now() + timedelta(seconds=1))

    for one in (alert, later):
        run(one)

    assert [record_of(one).inputs.stopped for one in (alert, later)] == [True, False]


def test_a_stop_counts_for_every_moment_it_was_in_force(world: World) -> None:
    camera = world.camera
    stop = press(world.operator, camera=camera)

    def stopped(since: timedelta, until: timedelta) -> bool:
        return stopped_between(
            tenant_id=camera.tenant_id,
            site_id=camera.site_id,
            camera_id=camera.id,
            since=stop.stopped_at + since,
            until=stop.stopped_at + until,
        )

    second = timedelta(seconds=1)
    assert not stopped(-2 * second, -second)
    assert stopped(-second, second)
    assert stopped(second, 2 * second)


def test_no_face_is_compared_while_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr("workers.activities.matching.faces_are_on", lambda *_, **__: True)
    monkeypatch.setattr(
        "workers.activities.matching.gallery_at", lambda **which: asked.append(which)
    )
    alert = make_alert(world.camera)
    message = AlertRef(tenant_id=str(alert.tenant_id), alert_id=str(alert.id))
    press(world.operator, camera=world.camera)
    alert.clip.state, alert.clip.analysis_key = "stored", "some/analysis.json"
    alert.clip.save()

    compare_faces(message)

    assert asked == []


def test_clips_that_were_not_looked_at_are_asked_for_once_the_machine_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr("apps.alerts.stopped.client.retry_step", asked.append)
    alert = make_waiting_alert(world.camera)
    alert.clip.state, alert.clip.analysis_key = "stored", ""
    alert.clip.save()
    stop = press(world.operator, camera=world.camera)
    assert take_up_clips(now=timezone.now()) == 0

    lift(world.lead, stop)
    assert take_up_clips(now=timezone.now()) == 1
    assert asked == [alert.id]
    assert take_up_clips(now=timezone.now() + timedelta(hours=1)) == 0


# --- on screen and through the API


def test_two_key_presses_stop_the_machine_and_every_page_says_so(world: World) -> None:
    browser = signed_in(world.operator, seconds_ago=3600)
    page = browser.get(f"/stop/?site={world.site.id}")
    form = page.context["form"]
    assert f'value="site:{world.site.id}" selected' in page.content.decode()

    answer = browser.post(
        "/stop/press/", {"target": f"site:{world.site.id}", "reason": form["reason"].value()}
    )

    assert answer.status_code == 302
    held = make_alert(world.camera, clip=False)
    queue = browser.get("/").content.decode()
    assert world.operator.display_name in queue
    assert "STOP" in queue
    told = browser.get(f"/alerts/{held.id}/").content.decode()
    assert "Held by STOP since" in told
    status = browser.get(f"/api/v1/alerts/{held.id}/").json()
    assert status["held_by_stop"]["stop"] == str(Stop.objects.get().id)


def test_letting_it_go_on_asks_for_a_reason_and_for_proof_of_identity(world: World) -> None:
    stop = press(world.operator, site=world.site)
    path = f"/stop/{stop.id}/resume/"
    assert signed_in(world.operator).post(path, {"reason": "Fine"}).status_code == 403
    assert signed_in(world.lead).post(path, {"reason": " "}).status_code == 422
    stale = signed_in(world.lead, seconds_ago=3600).post(path, {"reason": "Fine again"})
    assert "reauthenticate" in stale["Location"]
    assert covering(world) == stop
    assert signed_in(world.lead).post(path, {"reason": "Fine again"}).status_code == 302
    assert covering(world) is None


def test_a_site_where_one_does_not_work_is_not_offered_and_not_stopped(world: World) -> None:
    browser = signed_in(world.operator)
    assert str(world.other_site.id) not in browser.get("/stop/").content.decode()
    data = {"target": f"site:{world.other_site.id}", "reason": WHY}
    assert browser.post("/stop/press/", data).status_code == 422
    foreign = signed_in(world.foreign_operator)
    data = {"target": f"camera:{world.camera.id}", "reason": WHY}
    assert foreign.post("/stop/press/", data).status_code == 422
    assert not Stop.objects.exists()


def test_a_stop_elsewhere_is_not_shown_to_those_who_do_not_work_there(world: World) -> None:
    press(world.administrator, site=world.other_site)
    assert signed_in(world.operator).get("/api/v1/stops/").json() == []
    assert len(signed_in(world.administrator).get("/api/v1/stops/").json()) == 1


def test_the_api_stops_and_resumes_by_the_same_rules(world: World) -> None:
    operator, lead = signed_in(world.operator), signed_in(world.lead)
    body = {"camera": str(world.camera.id), "reason": WHY}
    made = operator.post("/api/v1/stops/", body, content_type="application/json")
    assert (made.status_code, made.json()["scope"]) == (201, "camera")
    everything = operator.post("/api/v1/stops/", {"reason": WHY}, content_type="application/json")
    assert everything.status_code == 403
    path, reason = f"/api/v1/stops/{made.json()['id']}/resume/", {"reason": "Fine"}
    assert operator.post(path, reason, content_type="application/json").status_code == 403
    stranger = signed_in(make_person(world.tenant, Role.LP_LEAD, world.other_site))
    assert stranger.post(path, reason, content_type="application/json").status_code == 404
    assert lead.post(path, reason, content_type="application/json").status_code == 204
    channels = InboxEntry.objects.filter(event__startswith="machine:").values_list(
        "channel", flat=True
    )
    assert list(channels) == ["api", "api"]


def test_how_soon_the_work_ended_is_told_of_every_stop(
    world: World, django_assert_num_queries: Callable[..., AbstractContextManager[None]]
) -> None:
    busy, other = make_alert(world.camera), make_alert(make_camera(world.other_site))
    for alert in (busy, other):
        begin_analysis(alert_id=alert.id, now=NOW)
    pressed_at = NOW + timedelta(seconds=1)
    stop = stop_machine(
        actor=actor_for(world.operator),
        user=world.operator,
        site=world.site,
        camera=None,
        reason=WHY,
        now=pressed_at,
    )
    stops = Stop.objects.filter(id=stop.id)
    (still,) = haltings_of(stops, now=pressed_at)
    assert (still.seconds, still.in_work) == (None, 1)

    later = pressed_at + timedelta(seconds=2.5)
    recorded_at(busy, later)
    recorded_at(other, later + timedelta(hours=1))  # of a site that goes on
    with django_assert_num_queries(1):
        (ended,) = haltings_of(stops, now=later + timedelta(hours=2))
    assert (ended.seconds, ended.left, ended.begun) == (2.5, 1, 0)
    client = signed_in(world.operator)
    assert "2.5 s (1 alert was in analysis)" in client.get("/stop/").content.decode()
    lift(world.administrator, stop)
    page = client.get("/stop/").content.decode()
    assert "1 STOP in the last 12 months" in page
    assert "2.5 s (1 alert was in analysis)" in page

    OutboxEntry.objects.create(
        tenant=world.tenant,
        alert=make_alert(world.camera),
        next_try_at=NOW,
        created_at=NOW,
    )
    OutboxEntry.objects.update(state="started", started_at=later)
    figures = stop_figures(Stop.objects.all(), now=later + timedelta(hours=2))
    assert (figures.pressed, figures.in_force, figures.begun) == (1, 0, 1)


def recorded_at(alert: Alert, at: datetime) -> None:
    """The alert leaves analysis at this moment: its record is written, a person is asked."""
    found = assess_alert(alert)
    record_assessment(
        alert=alert,
        record_json=record_json(found),
        digest=found.digest,
        outcome="verify",
        reason_codes=[],
        priority=0.0,
        now=at,
    )
    Alert.objects.filter(id=alert.id).update(state="awaiting_review")
