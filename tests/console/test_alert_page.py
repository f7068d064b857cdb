"""The alert page: everything needed to decide, honest about what is not there."""

from collections.abc import Callable

import pytest
from django.db import connection

from apps.alerts.models import Alert, Assessment, Clip
from apps.reviews.models import HumanTask
from tests.console.people import signed_in
from tests.world import World, make_alert

pytestmark = pytest.mark.django_db
Waiting = Callable[..., Alert]


def page_of(world: World, alert: Alert) -> str:
    answer = signed_in(world.operator).get(f"/alerts/{alert.id}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_strangers_and_foreigners_find_nothing(world: World, waiting: Waiting) -> None:
    path = f"/alerts/{waiting().id}/"
    assert signed_in(world.stranger).get(path).status_code == 404
    assert signed_in(world.foreign_operator).get(path).status_code == 404
    assert signed_in(world.ops).get(path).status_code == 404


def test_one_page_says_what_how_sure_what_it_costs_and_on_what_record(
    world: World, waiting: Waiting
) -> None:
    page = page_of(world, waiting())
    for title in (
        "What happened",
        "How far to trust it",
        "What it costs",
        "Why not a person's looks",
        "What would clear it",
        "Record",
    ):
        assert title in page.replace("&#x27;", "'")
    assert page.count('class="cost ') == 4
    assert "never offered" in page
    assert "not known yet (0 labels)" in page


def test_no_style_or_script_is_written_into_the_page(world: World, waiting: Waiting) -> None:
    page = page_of(world, waiting())
    assert " style=" not in page
    assert " onclick=" not in page
    scripts = [part.partition(">")[0] for part in page.split("<script")[1:]]
    assert all("src=" in script or "application/json" in script for script in scripts)


def test_a_blind_alert_hides_the_verdict_and_the_history_that_tells_it(
    world: World, waiting: Waiting
) -> None:
    alert = waiting()
    Alert.objects.filter(id=alert.id).update(sampled_blind=True)
    page = page_of(world, alert)
    assert "Judge what you see" in page
    assert "What it costs" not in page
    assert "Routed by triage" not in page
    assert "&quot;label&quot;" not in page.partition("player-facts")[2].partition("</script>")[0]


def test_a_record_that_was_altered_is_not_shown(world: World, waiting: Waiting) -> None:
    alert = waiting()
    with connection.cursor() as cursor:
        cursor.execute("SELECT record FROM alerts_assessment WHERE alert_id = %s", [alert.id])
        assert cursor.fetchone()
    altered = Assessment.objects.get(alert=alert).record | {"inputs_digest": "0" * 64}
    Assessment.objects.create(
        tenant_id=alert.tenant_id,
        alert=alert,
        record=altered,
        digest="0" * 64,
        outcome="escalate",
        created_at=alert.received_at.replace(year=2030),
    )
    page = page_of(world, alert)
    assert "does not match its digest" in page
    assert "What it costs" not in page


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("pending", "Clip pending"),
        ("refused", "cannot be read"),
        ("missing", "did not come"),
    ],
)
def test_a_clip_that_is_not_there_says_why(world: World, state: str, words: str) -> None:
    alert = make_alert(world.camera, clip=False)
    Clip.objects.create(alert=alert, tenant_id=alert.tenant_id, state="pending", delivery="follows")
    if state != "pending":
        Clip.objects.filter(alert=alert).update(state=state, refused_reason="It is a text file.")
    assert words in page_of(world, alert)


def test_an_alert_without_footage_says_that_theft_cannot_be_confirmed(
    world: World, waiting: Waiting
) -> None:
    page = page_of(world, waiting(clip=False))
    assert "No clip came with this alert" in page
    assert "so theft cannot be confirmed" in page


def test_a_role_without_footage_gets_the_words_but_no_player(
    world: World, waiting: Waiting
) -> None:
    answer = signed_in(world.compliance).get(f"/alerts/{waiting().id}/")
    assert "Footage is not part of your role" in answer.content.decode()
    assert "<video" not in answer.content.decode()


def test_an_alert_in_analysis_follows_by_itself(world: World) -> None:
    page = page_of(world, make_alert(world.camera))
    assert "Not assessed yet" in page
    assert 'hx-select-oob="#alert-follower,#alert-head,#alert-side,#alert-player,#decision"' in page


def test_a_failed_step_is_visible(world: World, waiting: Waiting) -> None:
    alert = waiting()
    Alert.objects.filter(id=alert.id).update(
        failed_step="infer", failed_reason="The worker did not answer."
    )
    assert "The worker did not answer." in page_of(world, alert)


def test_times_are_the_sites_with_utc_on_hover(world: World, waiting: Waiting) -> None:
    page = page_of(world, waiting())
    assert "20 Nov, 22:30" in page
    assert "2026-11-20 21:30:00 UTC" in page


def test_text_from_outside_is_escaped(world: World, waiting: Waiting) -> None:
    page = page_of(world, waiting(note="<script>alert(1)</script>", label="<b>bold"))
    assert "<script>alert(1)" not in page
    assert "<b>bold" not in page


def test_the_history_names_people_and_says_what_waits_for_the_chain(
    world: World, waiting: Waiting
) -> None:
    alert = waiting()
    HumanTask.objects.filter(alert=alert).update(assignee=world.operator)
    history = signed_in(world.operator).get(f"/alerts/{alert.id}/history/").content.decode()
    assert "Human task opened" in history
    assert "waiting for its place in the audit chain" in history
    assert signed_in(world.stranger).get(f"/alerts/{alert.id}/history/").status_code == 404
