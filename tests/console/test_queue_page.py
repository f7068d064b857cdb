"""The queue: who sees which rows, in which order, under which filters, at what cost."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.alerts.models import Alert, Assessment
from apps.alerts.operations import begin_analysis
from apps.reviews.models import HumanTask
from tests.console.people import HTMX, signed_in
from tests.world import World, make_alert, make_camera, write_assessment

pytestmark = pytest.mark.django_db
Waiting = Callable[..., Alert]


def rows(content: str) -> list[str]:
    return [part.partition('"')[0] for part in content.split('data-row="')[1:]]


def test_a_person_without_a_session_is_asked_to_sign_in() -> None:
    from django.test import Client

    answer = Client().get("/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_the_queue_shows_what_waits_at_my_sites_worth_most_first(
    world: World, waiting: Waiting
) -> None:
    low, high = waiting(), waiting()
    Alert.objects.filter(id=high.id).update(priority=40)
    Alert.objects.filter(id=low.id).update(priority=2)
    make_alert(world.camera)
    page = signed_in(world.operator).get("/").content.decode()
    assert rows(page) == [str(high.id), str(low.id)]
    assert "Item to bag, not to basket" in page


def test_rows_of_other_sites_and_other_retailers_are_neither_shown_nor_counted(
    world: World, waiting: Waiting
) -> None:
    waiting()
    stranger = signed_in(world.stranger).get("/").content.decode()
    assert rows(stranger) == []
    assert "You work at no site yet" in stranger
    foreign = signed_in(world.foreign_operator).get("/?state=all")
    assert rows(foreign.content.decode()) == []
    assert {tab["count"] for tab in foreign.context["tabs"]} == {"0"}


def test_a_role_without_alerts_is_refused_or_sent_where_its_work_is(world: World) -> None:
    assert signed_in(world.ops).get("/")["Location"] == reverse("admin:index")
    assert signed_in(world.ops).get("/queue/new/").status_code == 403


def test_filters_are_in_the_address_and_a_wrong_one_is_dropped(
    world: World, waiting: Waiting
) -> None:
    mine, other = waiting(), waiting(label="checkout_skip")
    HumanTask.objects.filter(alert=mine).update(assignee=world.operator)
    client = signed_in(world.operator)
    assert rows(client.get("/?assignee=me").content.decode()) == [str(mine.id)]
    assert rows(client.get("/?label=checkout_skip").content.decode()) == [str(other.id)]
    assert rows(client.get(f"/?site={world.other_site.id}").content.decode()) == []
    nonsense = client.get("/?state=%00&site=x&strategy=shout&page=-1&label=" + "x" * 999)
    assert nonsense.status_code == 200
    assert len(rows(nonsense.content.decode())) == 2


def test_a_blind_row_keeps_the_machines_verdict_to_itself(world: World, waiting: Waiting) -> None:
    alert = waiting()
    Alert.objects.filter(id=alert.id).update(
        sampled_blind=True, strategy="archive", reliability="green"
    )
    client = signed_in(world.operator)
    page = client.get("/").content.decode()
    assert "pill-green" not in page
    assert "sequence" not in page.split('data-row="')[1]
    assert rows(client.get("/?strategy=verify").content.decode()) == [str(alert.id)]
    assert rows(client.get("/?strategy=archive").content.decode()) == []


def test_the_queue_costs_the_same_number_of_queries_however_long_it_is(
    world: World, waiting: Waiting
) -> None:
    client = signed_in(world.operator)

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get("/").status_code == 200
        return len(queries)

    waiting()
    client.get("/")
    few = cost()
    for _ in range(5):
        waiting()
    assert cost() == few


def test_pages_of_the_queue_are_numbered(world: World, waiting: Waiting) -> None:
    from apps.console import queue

    for _ in range(3):
        waiting()
    client = signed_in(world.operator)
    assert "Page 1" not in client.get("/").content.decode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queue, "PAGE_ROWS", 2)
        second = client.get("/?page=2").content.decode()
    assert len(rows(second)) == 1
    assert "Page 2 of 2" in second


def test_new_alerts_are_announced_and_do_not_push_rows(world: World, waiting: Waiting) -> None:
    client = signed_in(world.operator)
    before = (timezone.now() - timedelta(seconds=1)).isoformat()
    assert "new" not in client.get("/queue/new/", {"since": before}, headers=HTMX).content.decode()
    waiting()
    news = client.get("/queue/new/", {"since": before}, headers=HTMX).content.decode()
    assert "1 new — show" in news
    assert "new" not in client.get("/queue/new/", {"since": "soon"}).content.decode()


def test_a_row_decided_meanwhile_says_so_in_its_place(world: World, waiting: Waiting) -> None:
    alert = waiting()
    Alert.objects.filter(id=alert.id).update(state="resolved")
    row = signed_in(world.operator).get(f"/queue/{alert.id}/", headers=HTMX).content.decode()
    assert "Moved on: resolved" in row
    assert signed_in(world.stranger).get(f"/queue/{alert.id}/").status_code == 404


def test_the_badge_counts_my_sites_only(world: World, waiting: Waiting) -> None:
    waiting()
    assert "1" in signed_in(world.operator).get("/queue/badge/").content.decode()
    assert signed_in(world.stranger).get("/queue/badge/").content.decode().strip() == ""


def test_very_long_words_stay_whole_for_readers(world: World, waiting: Waiting) -> None:
    camera = make_camera(world.site)
    camera.name = "x" * 120
    camera.save()
    alert = waiting(label="l" * 80)
    Alert.objects.filter(id=alert.id).update(camera=camera)
    page = signed_in(world.operator).get("/").content.decode()
    assert "x" * 120 in page
    assert "L" + "l" * 79 in page


def judged_reliable(alert: Alert) -> None:
    """A later assessment whose segment has a rate, as after a refresh of the atlas."""
    latest = Assessment.objects.filter(alert=alert).latest("created_at")
    known = latest.record["inputs"]["reliability"] | {
        "state": "amber",
        "false_positive_rate": 0.144,
        "low": 0.09,
        "high": 0.21,
        "label_count": 62,
    }
    known["segment"] = known["segment"] | {"zone_kind": "high_value"}
    Assessment.objects.create(
        tenant_id=alert.tenant_id,
        alert=alert,
        record=latest.record | {"inputs": latest.record["inputs"] | {"reliability": known}},
        digest="0" * 64,
        outcome="verify",
        created_at=latest.created_at + timedelta(days=3650),
    )
    Alert.objects.filter(id=alert.id).update(reliability="amber")


def test_a_row_says_which_zone_and_how_often_alerts_like_it_were_false(
    world: World, waiting: Waiting
) -> None:
    alert = waiting()
    client = signed_in(world.operator)
    before = client.get("/").content.decode()
    assert "of 100 alerts in these conditions" not in before
    judged_reliable(alert)
    page = client.get("/").content.decode()
    assert "· high value" in page
    assert "14 of 100 (9–21)" in page
    assert "90% interval 9–21, 62 labels" in page
    Alert.objects.filter(id=alert.id).update(sampled_blind=True)
    blind = client.get("/").content.decode()
    assert "· high value" in blind
    assert "of 100" not in blind.partition('data-row="')[2]


def test_a_row_for_model_review_is_marked_as_that(world: World) -> None:
    alert = begin_analysis(alert_id=make_alert(world.camera).id, now=timezone.now()).alert
    write_assessment(alert)
    Alert.objects.filter(id=alert.id).update(state="model_review", strategy="")
    page = signed_in(world.operator).get("/").content.decode().partition('data-row="')[2]
    assert "Model review" in page
    assert "Not assessed yet" not in page
