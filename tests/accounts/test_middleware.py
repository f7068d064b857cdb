"""What the tenant's middleware must not get between: allauth's own steering, and the word that the database is away."""

import pytest
from django.db import OperationalError

from tests.console.people import signed_in
from tests.world import World

pytestmark = pytest.mark.django_db


def test_a_page_that_needs_a_fresh_sign_in_asks_for_it(world: World) -> None:
    world.operator.set_password("something long enough")
    world.operator.save()
    answer = signed_in(world.operator, seconds_ago=3600).get("/accounts/2fa/totp/activate/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/reauthenticate/")


def test_a_database_that_is_away_is_said_so_with_the_time_to_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("the connection is lost")

    monkeypatch.setattr("apps.console.views.queue_alerts", away)
    answer = signed_in(world.operator).get("/")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert "Not available right now" in answer.content.decode()


def test_a_denial_is_recorded_with_the_route_only(world: World) -> None:
    from django.db import connection

    assert signed_in(world.compliance).get("/alerts/new/").status_code == 403
    with connection.cursor() as cursor:
        cursor.execute("SELECT details FROM audit_inbox WHERE event = 'access:denied'")
        assert "alerts/new/" in cursor.fetchone()[0]
