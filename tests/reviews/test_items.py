"""Review items: one person on three cameras costs one look, and nothing is confirmed that was not watched."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert, Clip, Disposition, OutboxEntry
from apps.audit.events import Channel
from apps.cases.models import Case
from apps.cases.operations import open_case
from apps.reviews.item_queries import duplicate_alert_ids
from apps.reviews.models import HumanTask, ItemMember, ReviewItem, TaskKind
from apps.reviews.operations import (
    UnableToRegroup,
    apply_attempt,
    join_item,
    open_task,
    rejoin_alert,
    split_alert,
)
from apps.reviews.operations.delivery import tell_settled
from apps.reviews.payload import DecisionPayload
from apps.sites.models import Camera
from apps.sites.operations import UnableToLink, link_cameras
from apps.triage.states import Verdict
from tests.reviews.conftest import FALSE_ALARM, THEFT, prepare, sign_in, submit, watch
from tests.world import NOW, World, make_camera, make_site, make_waiting_alert, make_world

pytestmark = pytest.mark.django_db
Raised = Callable[..., Alert]


def arrive(camera: Camera, *, after: float = 0, priority: float = 1, **fields: Any) -> Alert:
    """An alert put before people as routing does it, `after` seconds from the world's now."""
    alert = make_waiting_alert(camera)
    moment = {"camera_at": NOW + timedelta(seconds=after), "priority": priority}
    Alert.objects.filter(id=alert.id).update(**moment | fields)
    alert = Alert.objects.get(id=alert.id)
    now = timezone.now()
    open_task(alert=alert, due_at=now + timedelta(minutes=15), now=now)
    join_item(alert=alert, now=now)
    return alert


@pytest.fixture
def next_camera(world: World) -> Camera:
    """A camera beside the world's."""
    camera = make_camera(world.site)
    link_cameras(actor=sign_in(world.administrator), one=world.camera, other=camera)
    return camera


@pytest.fixture
def pair(world: World, next_camera: Camera) -> tuple[Alert, Alert]:
    """A lead and its duplicate, one on each camera."""
    return arrive(world.camera, priority=9), arrive(next_camera, after=3, priority=2)


def decide(world: World, alert: Alert, payload: DecisionPayload = FALSE_ALARM) -> Any:
    actor = sign_in(world.operator)
    attempt = submit(prepare(world.operator, alert, payload, actor=actor), world.operator, actor)
    return apply_attempt(
        tenant_id=alert.tenant_id, alert_id=alert.id, attempt_id=attempt.id, now=timezone.now()
    )


def events_of(alert: Alert) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT event FROM audit_inbox WHERE subject_id = %s ORDER BY occurred_at",
            [str(alert.id)],
        )
        return [event for (event,) in cursor.fetchall()]


def state(alert: Alert) -> str:
    return Alert.objects.get(id=alert.id).state


def duplicates_of(world: World) -> set[Any]:
    return set(duplicate_alert_ids(tenant_id=world.tenant.id))


# --- joining


def test_alerts_of_adjacent_cameras_within_seconds_are_one_item(
    world: World, pair: tuple[Alert, Alert]
) -> None:
    lead, duplicate = pair
    item = ReviewItem.objects.get()
    assert (item.lead_id, item.state, item.settings_version) == (lead.id, "open", "item-1")
    assert duplicates_of(world) == {duplicate.id}
    assert "item:joined" in events_of(lead)
    assert "item:joined" in events_of(duplicate)


def test_an_alert_alone_has_no_item_and_costs_one_query_to_know(world: World) -> None:
    alert = make_waiting_alert(world.camera)
    open_task(alert=alert, due_at=NOW, now=NOW)
    with CaptureQueriesContext(connection) as queries:
        assert join_item(alert=alert, now=NOW) is None
    assert len(queries) == 1
    assert not ReviewItem.objects.exists()


def test_cameras_nobody_linked_are_not_adjacent(world: World) -> None:
    arrive(world.camera)
    arrive(make_camera(world.site), after=1)
    assert not ReviewItem.objects.exists()


def test_another_site_is_another_happening(world: World) -> None:
    elsewhere = make_camera(make_site(world.tenant, name="Elsewhere"))
    with pytest.raises(UnableToLink):
        link_cameras(actor=sign_in(world.administrator), one=world.camera, other=elsewhere)
    arrive(world.camera)
    arrive(elsewhere)
    assert not ReviewItem.objects.exists()


def test_the_cameras_clock_is_corrected_before_times_are_compared(
    world: World, next_camera: Camera
) -> None:
    Camera.objects.filter(id=next_camera.id).update(clock_offset_seconds=3600.0)
    first = arrive(world.camera)
    arrive(next_camera, after=2)
    assert not ReviewItem.objects.exists()
    arrive(next_camera, after=3602)
    assert ItemMember.objects.filter(item__lead=first).count() == 2


def test_a_camera_whose_clock_is_wrong_by_nobody_knows_how_much_is_not_grouped(
    world: World, next_camera: Camera
) -> None:
    arrive(world.camera)
    arrive(next_camera, after=1, clock_skew_flagged=True)
    assert not ReviewItem.objects.exists()


def test_the_one_worth_most_leads_whenever_it_arrives(world: World, next_camera: Camera) -> None:
    low = arrive(world.camera, priority=1)
    high = arrive(next_camera, after=2, priority=8)
    assert ReviewItem.objects.get().lead_id == high.id
    assert duplicates_of(world) == {low.id}


def test_an_alert_between_two_items_unites_them(world: World, next_camera: Camera) -> None:
    far = make_camera(world.site)
    link_cameras(actor=sign_in(world.administrator), one=next_camera, other=far)
    ends = [arrive(world.camera), arrive(world.camera, after=2), arrive(far), arrive(far, after=2)]
    assert ReviewItem.objects.filter(state="open").count() == 2
    middle = arrive(next_camera, after=1)
    item = ReviewItem.objects.get(state="open")
    assert ReviewItem.objects.filter(state="dissolved").count() == 1
    assert set(item.members.values_list("alert_id", flat=True)) == {a.id for a in [*ends, middle]}


def test_a_chain_of_alerts_does_not_grow_beyond_the_bound(world: World) -> None:
    for number in range(12):
        arrive(world.camera, after=number * 5)
    sizes = [item.members.count() for item in ReviewItem.objects.filter(state="open")]
    assert max(sizes) == 8


@pytest.mark.parametrize("fields", [{"sampled_blind": True}, {"is_drill": True}])
def test_blind_audits_and_drills_among_real_alerts_stand_alone(
    world: World, next_camera: Camera, fields: dict[str, Any]
) -> None:
    arrive(world.camera)
    arrive(next_camera, after=1, **fields)
    assert not ReviewItem.objects.exists()


def test_a_model_review_is_not_grouped(world: World, next_camera: Camera) -> None:
    """It asks about the detector, not about a person; whether it comes first or last."""
    alert = make_waiting_alert(next_camera)
    open_task(alert=alert, kind=TaskKind.MODEL_REVIEW, due_at=NOW, now=NOW)
    assert join_item(alert=alert, now=NOW) is None
    arrive(world.camera)
    assert join_item(alert=alert, now=NOW) is None
    assert not ReviewItem.objects.exists()


def test_what_was_decided_already_is_joined_by_nobody(world: World) -> None:
    decide(world, arrive(world.camera))
    late = arrive(world.camera, after=1)
    assert not ReviewItem.objects.exists()
    assert state(late) == "awaiting_review"


# --- deciding


def test_one_look_settles_the_item_and_names_what_it_settled(
    world: World, pair: tuple[Alert, Alert]
) -> None:
    lead, duplicate = pair
    prepared = prepare(world.operator, lead)
    named = prepared.attempt.payload["duplicates"]
    assert named == [{"alert": str(duplicate.id), "version": duplicate.version}]
    decide(world, lead)
    assert {state(lead), state(duplicate)} == {"resolved"}
    verdicts = Disposition.objects.filter(alert__in=pair).values_list("verdict", "decided_by")
    assert set(verdicts) == {("false_alarm", world.operator.id)}
    assert not HumanTask.objects.filter(state="open").exists()
    settled = HumanTask.objects.get(alert=duplicate)
    assert settled.settled_by is not None
    assert settled.settled_by.attempt.alert_id == lead.id
    assert HumanTask.objects.get(alert=lead).settled_by is None
    assert ReviewItem.objects.get().state == "decided"
    assert events_of(duplicate)[-3:] == ["disposition:recorded", "task:closed", "alert:resolved"]
    assert duplicates_of(world) == {duplicate.id}


def test_the_duplicates_run_is_told_after_the_commit(
    world: World,
    pair: tuple[Alert, Alert],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    told: list[Any] = []
    monkeypatch.setattr("workflows.client.look_again", told.append)
    actor = sign_in(world.operator)
    attempt = submit(prepare(world.operator, pair[0], actor=actor), world.operator, actor)
    with django_capture_on_commit_callbacks(execute=True):
        apply_attempt(
            tenant_id=world.tenant.id,
            alert_id=pair[0].id,
            attempt_id=attempt.id,
            now=timezone.now(),
        )
    assert told == [pair[1].id]


def test_theft_is_confirmed_of_no_clip_that_was_not_watched(
    world: World, pair: tuple[Alert, Alert]
) -> None:
    lead, duplicate = pair
    watch(world.operator, lead)
    decide(world, lead, THEFT)
    assert (state(lead), state(duplicate)) == ("resolved", "awaiting_review")
    member = ItemMember.objects.get(alert=duplicate)
    assert member.split_by == world.operator.id
    assert member.split_reason == "Not part of the decision (theft confirmed)."
    assert duplicates_of(world) == set()
    assert HumanTask.objects.filter(alert=duplicate, state="open").exists()


def test_theft_watched_on_both_cameras_is_one_case_with_two_incidents(
    world: World, pair: tuple[Alert, Alert]
) -> None:
    lead, duplicate = pair
    watch(world.operator, lead)
    watch(world.operator, duplicate)
    decide(world, lead, THEFT)
    assert {state(lead), state(duplicate)} == {"resolved"}
    cases = {open_case(alert_id=a.id, now=timezone.now()).id for a in (duplicate, lead)}
    assert len(cases) == 1
    assert Case.objects.get().incidents.count() == 2


def test_what_joined_after_the_person_was_shown_the_item_is_not_settled(
    world: World, pair: tuple[Alert, Alert], next_camera: Camera
) -> None:
    lead, duplicate = pair
    actor = sign_in(world.operator)
    prepared = prepare(world.operator, lead, actor=actor)
    late = arrive(next_camera, after=4)
    assert duplicates_of(world) == {duplicate.id, late.id}
    attempt = submit(prepared, world.operator, actor)
    apply_attempt(
        tenant_id=lead.tenant_id, alert_id=lead.id, attempt_id=attempt.id, now=timezone.now()
    )
    assert (state(duplicate), state(late)) == ("resolved", "awaiting_review")
    assert duplicates_of(world) == {duplicate.id}


def test_what_was_split_off_meanwhile_is_not_settled(
    world: World, pair: tuple[Alert, Alert]
) -> None:
    lead, duplicate = pair
    actor = sign_in(world.operator)
    prepared = prepare(world.operator, lead, actor=actor)
    split(world, duplicate)
    attempt = submit(prepared, world.operator, actor)
    apply_attempt(
        tenant_id=lead.tenant_id, alert_id=lead.id, attempt_id=attempt.id, now=timezone.now()
    )
    assert (state(lead), state(duplicate)) == ("resolved", "awaiting_review")


def test_what_is_confirmed_is_what_was_named(world: World, pair: tuple[Alert, Alert]) -> None:
    """A payload that leaves the duplicates out, or adds one, is another payload."""
    from apps.reviews.operations import UnableToDecide

    actor = sign_in(world.operator)
    prepared = prepare(world.operator, pair[0], actor=actor)
    with pytest.raises(UnableToDecide) as refusal:
        submit(prepared, world.operator, actor, payload=FALSE_ALARM)
    assert refusal.value.code == "payload_changed"


def test_deciding_a_duplicate_makes_it_the_one_that_was_looked_at(
    world: World, pair: tuple[Alert, Alert]
) -> None:
    lead, duplicate = pair
    decide(world, duplicate)
    assert {state(lead), state(duplicate)} == {"resolved"}
    assert duplicates_of(world) == {lead.id}
    assert "item:lead_changed" in events_of(duplicate)


def test_applying_twice_changes_nothing_more(world: World, pair: tuple[Alert, Alert]) -> None:
    lead, duplicate = pair
    actor = sign_in(world.operator)
    attempt = submit(prepare(world.operator, lead, actor=actor), world.operator, actor)
    for _ in range(2):
        outcome = apply_attempt(
            tenant_id=lead.tenant_id, alert_id=lead.id, attempt_id=attempt.id, now=timezone.now()
        )
        assert outcome.verdict is Verdict.FALSE_ALARM
    assert Disposition.objects.filter(alert=duplicate).count() == 1


# --- splitting


def split(world: World, alert: Alert, reason: str = "another person", **who: Any) -> None:
    user = who.get("user", world.operator)
    split_alert(
        actor=sign_in(user, who.get("channel", Channel.SCREEN)),
        user=user,
        alert=alert,
        reason=reason,
        now=timezone.now(),
    )


def test_a_split_alert_is_a_row_of_its_own_and_not_grouped_anew(
    world: World, pair: tuple[Alert, Alert], next_camera: Camera
) -> None:
    lead, duplicate = pair
    split(world, duplicate)
    assert duplicates_of(world) == set()
    late = arrive(next_camera, after=4)
    assert duplicates_of(world) == {late.id}
    assert set(
        ReviewItem.objects.get().members.filter(split_at=None).values_list("alert_id", flat=True)
    ) == {lead.id, late.id}


def test_splitting_the_lead_lets_the_next_one_lead(world: World, pair: tuple[Alert, Alert]) -> None:
    split(world, pair[0])
    assert ReviewItem.objects.get().lead_id == pair[1].id
    assert duplicates_of(world) == set()


def test_a_split_can_be_undone_while_both_wait(world: World, pair: tuple[Alert, Alert]) -> None:
    lead, duplicate = pair
    split(world, duplicate)
    again: dict[str, Any] = {
        "actor": sign_in(world.operator),
        "user": world.operator,
        "alert": duplicate,
        "reason": "it was the same person",
    }
    rejoin_alert(**again, now=timezone.now())
    assert duplicates_of(world) == {duplicate.id}
    split(world, duplicate)
    decide(world, lead)
    with pytest.raises(UnableToRegroup):
        rejoin_alert(**again, now=timezone.now())


def test_splitting_needs_a_reason_an_item_and_the_permission(
    world: World, pair: tuple[Alert, Alert]
) -> None:
    for wrong in ("", "  ", "x" * 501, "nul\x00"):
        with pytest.raises(UnableToRegroup):
            split(world, pair[1], reason=wrong)
    for user in (world.stranger, world.compliance):
        with pytest.raises(UnableToRegroup):
            split(world, pair[1], user=user)
    with pytest.raises(UnableToRegroup):
        split(world, arrive(world.camera, after=900))
    split(world, pair[1])
    with pytest.raises(UnableToRegroup):
        split(world, pair[1])


def test_the_database_refuses_a_split_without_a_reason_and_a_way_back(
    world: World, pair: tuple[Alert, Alert]
) -> None:
    members = ItemMember.objects.filter(alert=pair[1])
    with pytest.raises(IntegrityError), transaction.atomic():
        members.update(split_at=NOW)
    decide(world, pair[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        ReviewItem.objects.update(state="open")


# --- two at once


@pytest.mark.django_db(transaction=True)
def test_two_alerts_routed_at_the_same_moment_land_in_one_item() -> None:
    world, gate = make_world(), Barrier(2)
    with tenant_scope(world.tenant.id):
        other = make_camera(world.site)
        link_cameras(actor=sign_in(world.administrator), one=world.camera, other=other)
        alerts = [make_waiting_alert(camera) for camera in (world.camera, other)]
    failures: list[BaseException] = []

    def route(alert: Alert, now: datetime) -> None:
        try:
            with tenant_scope(world.tenant.id):
                open_task(alert=alert, due_at=now, now=now)
                gate.wait(20)
                join_item(alert=alert, now=now)
        except BaseException as failure:
            failures.append(failure)
        finally:
            connection.close()

    threads = [Thread(target=route, args=(alert, timezone.now())) for alert in alerts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    with tenant_scope(world.tenant.id):
        item = ReviewItem.objects.get()
        assert item.members.count() == 2


def test_a_clip_marked_long_joins_at_its_end(world: World, next_camera: Camera) -> None:
    first = arrive(world.camera)
    Clip.objects.filter(alert=first).update(marked_from_ms=0, marked_to_ms=20_000)
    arrive(next_camera, after=24)
    assert ReviewItem.objects.get().lead_id == first.id


def test_the_sweeper_repeats_the_nudge_until_the_run_has_finished(
    world: World, pair: tuple[Alert, Alert], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr("workflows.client.look_again", told.append)
    lead, duplicate = pair
    for alert in pair:
        OutboxEntry.objects.create(
            alert=alert, tenant_id=alert.tenant_id, next_try_at=NOW, created_at=NOW
        )
    decide(world, lead)
    soon = timezone.now() + timedelta(minutes=1)
    assert tell_settled(now=timezone.now()) == 0
    assert tell_settled(now=soon) == 1
    assert told == [duplicate.id]
    OutboxEntry.objects.filter(alert=duplicate).update(finished_at=soon)
    assert tell_settled(now=soon) == 0
