"""Opening an alert is an access to personal data: an event of its own, once a person and session."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.alerts.models import Alert, Viewing
from apps.alerts.operations import forget_viewings
from apps.alerts.tasks import forget_old_viewings
from apps.audit.models import InboxEntry
from apps.subject_requests.queries.access_log import LOOKS
from tests.console.people import HTMX, signed_in
from tests.world import World, make_waiting_alert

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(world: World) -> Alert:
    return make_waiting_alert(world.camera)


def looks(alert: Alert) -> list[tuple[str, str]]:
    seen = InboxEntry.objects.filter(event="alert:viewed", subject_id=str(alert.id))
    return [(one.actor, one.channel) for one in seen.order_by("id")]


def test_refreshing_a_page_is_the_same_look(world: World, alert: Alert) -> None:
    client = signed_in(world.operator)
    for headers in ({}, HTMX, HTMX):
        assert client.get(f"/alerts/{alert.id}/", headers=headers).status_code == 200
    client.get(f"/api/v1/alerts/{alert.id}/")
    assert looks(alert) == [(str(world.operator.id), "screen")]


def test_another_person_and_another_session_look_anew(world: World, alert: Alert) -> None:
    for person in (world.operator, world.operator, world.lead):
        signed_in(person).get(f"/alerts/{alert.id}/")
    assert looks(alert) == [
        (str(world.operator.id), "screen"),
        (str(world.operator.id), "screen"),
        (str(world.lead.id), "screen"),
    ]


def test_the_api_looks_too(world: World, alert: Alert) -> None:
    assert signed_in(world.lead).get(f"/api/v1/alerts/{alert.id}/").status_code == 200
    assert looks(alert) == [(str(world.lead.id), "api")]


def test_who_is_refused_has_not_looked(world: World, alert: Alert) -> None:
    assert signed_in(world.stranger).get(f"/alerts/{alert.id}/").status_code == 404
    assert signed_in(world.stranger).get(f"/api/v1/alerts/{alert.id}/").status_code == 404
    assert looks(alert) == []


def test_a_look_that_cannot_be_chained_shows_nothing(
    world: World, alert: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> str:
        raise RuntimeError("the chain takes no event")

    client = signed_in(world.operator)
    with monkeypatch.context() as patch:
        patch.setattr("apps.audit.operations._details", refuse)
        with pytest.raises(RuntimeError, match="no event"):
            client.get(f"/alerts/{alert.id}/")
    client.get(f"/alerts/{alert.id}/")
    assert len(looks(alert)) == 1, "a look that was not recorded is recorded the next time"


def test_the_access_log_of_a_person_counts_it_as_a_look() -> None:
    assert "alert:viewed" in LOOKS


def test_the_marks_of_old_sessions_go_and_the_events_stay(world: World, alert: Alert) -> None:
    signed_in(world.operator).get(f"/alerts/{alert.id}/")
    assert forget_viewings(now=timezone.now() + timedelta(days=6)) == 0
    assert forget_viewings(now=timezone.now() + timedelta(days=8)) == 1
    assert forget_old_viewings() == 0
    assert (Viewing.objects.count(), len(looks(alert))) == (0, 1)
