"""Handing alerts out, going on to the next one, kept views, and the search of everything."""

import json
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.alerts.models import Alert
from apps.audit.events import Subject
from apps.audit.queries import events_of
from apps.console import counting
from apps.console.models import SavedView
from apps.reviews.models import DecisionAttempt, HumanTask
from apps.triage.states import AttemptState
from tests.console.people import HTMX, signed_in
from tests.world import World, make_person

pytestmark = pytest.mark.django_db
Waiting = Callable[..., Alert]


def holder(alert: Alert) -> object:
    return HumanTask.objects.get(alert=alert).assignee


def events(world: World, alert: Alert) -> list[str]:
    found = events_of(tenant_id=world.tenant.id, subjects=[Subject("alert", alert.id)])
    return [event.event for event in found]


def test_an_operator_takes_an_alert_and_gives_it_back(world: World, waiting: Waiting) -> None:
    alert = waiting()
    client = signed_in(world.operator)
    page = client.get(f"/alerts/{alert.id}/").content.decode()
    assert "Take <kbd>T</kbd>" in page
    form = {"alerts": str(alert.id), "back_to": str(alert.id)}
    taken = client.post("/queue/hand-out/", form | {"to": "me"})
    assert taken["Location"] == f"/alerts/{alert.id}/"
    assert holder(alert) == world.operator
    assert "Give back" in client.get(f"/alerts/{alert.id}/").content.decode()
    client.post("/queue/hand-out/", form | {"to": "nobody"})
    assert holder(alert) is None
    assert {"task:claimed", "task:released"} <= set(events(world, alert))


def test_what_somebody_else_has_is_not_taken_away_by_an_equal(
    world: World, waiting: Waiting
) -> None:
    alert = waiting()
    HumanTask.objects.filter(alert=alert).update(assignee=world.second_operator)
    answer = signed_in(world.operator).post(
        "/queue/hand-out/", {"alerts": str(alert.id), "to": "me"}, follow=True
    )
    assert f"{world.second_operator.display_name} has this task." in answer.content.decode()
    assert holder(alert) == world.second_operator


def test_a_lead_hands_out_several_and_those_decided_meanwhile_are_named(
    world: World, waiting: Waiting
) -> None:
    first, second, gone = waiting(), waiting(), waiting()
    HumanTask.objects.filter(alert=gone).update(state="withdrawn")
    answer = signed_in(world.lead).post(
        "/queue/hand-out/",
        {"alerts": [str(a.id) for a in (first, second, gone)], "to": str(world.operator.id)},
        follow=True,
    )
    page = answer.content.decode()
    assert f"2 alerts given to {world.operator.display_name}." in page
    assert f"{gone.reference}: nobody has to decide it any more." in page
    assert holder(first) == holder(second) == world.operator


def test_an_operator_gives_nothing_to_others_and_nobody_gets_what_they_may_not_decide(
    world: World, waiting: Waiting
) -> None:
    alert = waiting()
    to_other = {"alerts": str(alert.id), "to": str(world.second_operator.id)}
    page = signed_in(world.operator).post("/queue/hand-out/", to_other, follow=True)
    assert "You may not assign tasks at this site." in page.content.decode()
    elsewhere = make_person(world.tenant, Role.OPERATOR, world.other_site)
    lead = signed_in(world.lead)
    page = lead.post(
        "/queue/hand-out/", {"alerts": str(alert.id), "to": str(elsewhere.id)}, follow=True
    )
    assert "This person may not decide alerts at this site." in page.content.decode()
    foreign = {"alerts": str(alert.id), "to": str(world.foreign_operator.id)}
    assert lead.post("/queue/hand-out/", foreign).status_code == 404
    assert holder(alert) is None


def test_the_api_hands_out_the_same_and_leaves_the_same_events(
    world: World, waiting: Waiting
) -> None:
    alert, foreign = waiting(), uuid4()
    body = {"alerts": [str(alert.id), str(foreign)], "to": str(world.operator.id)}
    client = signed_in(world.lead)
    path = "/api/v1/queue/hand-out/"
    answer = client.post(path, json.dumps(body), content_type="application/json")
    assert answer.json() == {"count": 1, "refusals": []}
    assert holder(alert) == world.operator
    wrong = client.post(path, json.dumps(body | {"alerts": []}), content_type="application/json")
    assert wrong.status_code == 400


def test_the_next_alert_is_the_worthiest_that_is_free_or_mine(
    world: World, waiting: Waiting
) -> None:
    seen, decided, taken, wanted, later = (waiting() for _ in range(5))
    for alert, priority in ((seen, 90), (decided, 60), (taken, 50), (wanted, 40), (later, 3)):
        Alert.objects.filter(id=alert.id).update(priority=priority)
    HumanTask.objects.filter(alert=taken).update(assignee=world.second_operator)
    _submitted(decided, world.operator)
    client = signed_in(world.operator)
    assert client.get(f"/queue/next/?after={seen.id}")["Location"] == f"/alerts/{wanted.id}/"
    answer = client.get("/queue/next/?label=checkout_skip", follow=True)
    assert "Nothing else waits for you under these filters." in answer.content.decode()


def _submitted(alert: Alert, user: User) -> None:
    """A decision this person has recorded and that is not applied yet."""
    DecisionAttempt.objects.create(
        tenant_id=alert.tenant_id,
        task=HumanTask.objects.get(alert=alert),
        alert=alert,
        user=user,
        role=user.role,
        session_hash="5" * 64,
        channel="screen",
        payload={},
        payload_digest="d" * 64,
        object_version=alert.version,
        token_hash=uuid4().hex,
        prepared_at=timezone.now(),
        expires_at=timezone.now() + timedelta(minutes=2),
    )
    DecisionAttempt.objects.filter(alert=alert).update(state=AttemptState.SUBMITTED)


def test_the_queue_is_narrowed_by_age_and_by_who_has_it(world: World, waiting: Waiting) -> None:
    old, young = waiting(), waiting()
    HumanTask.objects.filter(alert=young).update(assignee=world.second_operator)
    now = timezone.now()
    Alert.objects.filter(id=old.id).update(received_at=now - timedelta(hours=2))
    Alert.objects.filter(id=young.id).update(received_at=now - timedelta(minutes=20))
    client = signed_in(world.operator)

    def shown(query: str) -> set[str]:
        content = client.get(f"/?{query}").content.decode()
        return {part.partition('"')[0] for part in content.split('data-row="')[1:]}

    assert shown("older=60") == {str(old.id)}
    assert shown("older=15") == {str(old.id), str(young.id)}
    assert shown("assignee=nobody") == {str(old.id)}
    assert shown(f"assignee={world.second_operator.id}") == {str(young.id)}
    assert shown("older=7&assignee=somebody") == {str(old.id), str(young.id)}


def test_a_view_is_kept_replaced_and_forgotten_by_its_owner_alone(world: World) -> None:
    client = signed_in(world.operator)
    kept = {"name": "  Old ones ", "query": "older=60&state=waiting&nonsense=1"}
    assert client.post("/queue/views/", kept)["Location"] == "/?older=60"
    client.post("/queue/views/", kept | {"query": "older=240"})
    (view,) = SavedView.objects.all()
    assert (view.name, view.query) == ("Old ones", "older=240")
    assert "Old ones" in client.get("/").content.decode()
    other = signed_in(world.second_operator)
    assert "Old ones" not in other.get("/").content.decode()
    assert other.post(f"/queue/views/{view.id}/delete/").status_code == 404
    assert client.post(f"/queue/views/{view.id}/delete/").status_code == 302
    assert not SavedView.objects.exists()
    page = client.post("/queue/views/", {"name": " ", "query": ""}, follow=True)
    assert "A view needs a name" in page.content.decode()


def test_everything_visible_is_found_by_reference_name_or_page(
    world: World, waiting: Waiting
) -> None:
    alert = waiting()
    client = signed_in(world.lead)
    found = client.get("/search/", {"q": alert.reference}, headers=HTMX).content.decode()
    assert f"/alerts/{alert.id}/" in found
    assert (
        f"/alerts/{alert.id}/"
        in client.get("/search/", {"q": alert.reference[:7]}).content.decode()
    )
    assert world.site.name in client.get("/search/", {"q": world.site.name[:3]}).content.decode()
    assert 'href="/reliability/"' in client.get("/search/", {"q": "reliab"}).content.decode()
    nothing = client.get("/search/", {"q": "zzzz"}).content.decode()
    assert "Nothing found for “zzzz”" in nothing


def test_search_finds_nothing_of_others(world: World, waiting: Waiting) -> None:
    alert = waiting()
    for person in (world.stranger, world.foreign_operator):
        page = signed_in(person).get("/search/", {"q": alert.reference}).content.decode()
        assert str(alert.id) not in page
        assert world.camera.name not in signed_in(person).get(
            "/search/", {"q": world.camera.name}
        ).content.decode().replace(f"“{world.camera.name}”", "").replace(
            f'value="{world.camera.name}"', ""
        )


def test_who_is_not_sure_hands_the_alert_on_and_says_what_to_look_at(
    world: World, waiting: Waiting
) -> None:
    alert = waiting()
    client = signed_in(world.operator)
    path = f"/alerts/{alert.id}/second-look/"
    opened = client.get(f"/alerts/{alert.id}/?decide=second_look").content.decode()
    assert f'hx-get="{path}"' in opened
    assert client.post(path, {"reason": " no "}).status_code == 422
    assert client.post(path, {"reason": "Is that the same bag at 0:07?"})["Location"] == "/"
    other = holder(alert)
    assert other not in (None, world.operator)
    page = signed_in(other).get(f"/alerts/{alert.id}/").content.decode()  # type: ignore[arg-type]
    assert "Is that the same bag at 0:07?" in page
    assert "task:second_look_asked" in events(world, alert)
    assert Alert.objects.get(id=alert.id).state == "awaiting_review"
    for person, code in ((world.store_manager, 403), (world.stranger, 404)):
        assert signed_in(person).post(path, {"reason": "Look again"}).status_code == code


def test_the_api_asks_for_a_second_look_in_the_same_way(world: World, waiting: Waiting) -> None:
    alert = waiting()
    path = f"/api/v1/alerts/{alert.id}/second-look/"
    body = json.dumps({"reason": "Which hand at 0:04?"})
    client = signed_in(world.operator)
    answer = client.post(path, body, content_type="application/json")
    assert answer.json() == {"assignee": str(HumanTask.objects.get(alert=alert).assignee_id)}
    HumanTask.objects.filter(alert=alert).update(state="withdrawn")
    assert client.post(path, body, content_type="application/json").status_code == 409


def test_counts_stop_where_nobody_counts_any_more(
    world: World, waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "COUNTED_AT_MOST", 2)
    for _ in range(3):
        waiting()
    answer = signed_in(world.operator).get("/")
    assert [tab["count"] for tab in answer.context["tabs"]] == ["2+", "0", "0", "0", "2+"]
    assert "1–2 of 2+" in answer.content.decode()
