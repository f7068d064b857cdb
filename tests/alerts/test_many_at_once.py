"""The same delivery a hundred times at once, and a database that does not answer."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client

from apps.accounts.tenancy import tenant_scope
from apps.alerts import spool as spool_module
from apps.alerts.models import Alert, Clip, OutboxEntry
from apps.audit.events import Event
from apps.audit.models import InboxEntry
from config.stack.postgres import Postgres
from tests.alerts.senders import MP4, Detector, stated
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def from_another_connection(detector: Detector, act: str, *args: Any, **options: Any) -> Any:
    """One request in this thread, with a client and a database connection of its own."""
    try:
        return getattr(replace(detector, client=Client()), act)(*args, **options)
    finally:
        connection.close()


def test_the_same_delivery_a_hundred_times_at_once_is_one_alert(
    world: World, detector: Detector
) -> None:
    alert = stated(world.camera.slug)
    with ThreadPoolExecutor(16) as pool:
        answers = list(
            pool.map(
                lambda _: from_another_connection(detector, "send", alert, message_id="msg_same"),
                range(100),
            )
        )

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    with tenant_scope(world.tenant.id):
        assert Alert.objects.count() == OutboxEntry.objects.count() == 1
        received = InboxEntry.objects.filter(event=Event.ALERT_RECEIVED.value)
        assert received.count() == 1


def test_the_same_clip_many_times_at_once_is_kept_once(world: World, detector: Detector) -> None:
    alert = stated(world.camera.slug)
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda _: from_another_connection(
                    detector, "send_with_clip", alert, MP4, message_id="msg_same"
                ),
                range(20),
            )
        )
    assert {answer.status_code for answer in answers} == {202}
    with tenant_scope(world.tenant.id):
        assert Clip.objects.count() == 1
    assert len(list(spool_module.spool().glob("*.clip"))) == 1


def test_of_two_alerts_under_one_id_one_wins_and_the_other_is_told(
    world: World, detector: Detector
) -> None:
    with ThreadPoolExecutor(10) as pool:
        answers = list(
            pool.map(
                lambda n: from_another_connection(
                    detector,
                    "send",
                    stated(
                        world.camera.slug, label=f"label {n % 2}", camera_at="2026-03-01T12:00Z"
                    ),
                    message_id="msg_same",
                ),
                range(20),
            )
        )
    assert sorted({answer.status_code for answer in answers}) == [202, 409]
    with tenant_scope(world.tenant.id):
        alert = Alert.objects.get()
        conflicts = InboxEntry.objects.filter(event=Event.ALERT_CONFLICTING_DELIVERY.value)
        assert conflicts.count() == 10
    accepted = {answer.json()["id"] for answer in answers if answer.status_code == 202}
    assert accepted == {str(alert.id)}


def test_a_database_that_is_gone_is_answered_with_when_to_come_back(
    world: World, detector: Detector, postgres: Postgres
) -> None:
    connection.close()
    with patch.dict(connection.settings_dict, {"PORT": "9"}):
        answer = detector.send_with_clip(stated(world.camera.slug), MP4)
    connection.close()

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer["Retry-After"] == "5"
    assert not list(spool_module.spool().glob("*.clip"))


def test_a_database_that_goes_away_while_the_alert_is_written_leaves_no_clip(
    world: World, detector: Detector, spool: Path, superuser_connection: Any
) -> None:
    def cut(*_: Any, **__: Any) -> None:
        superuser_connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = 'second_look_app' AND datname = current_database()"
        )

    with patch("apps.alerts.operations.receiving.publish_live", cut):
        answer = detector.send_with_clip(stated(world.camera.slug), MP4, message_id="msg_a")
    connection.close()
    assert answer.status_code == 503

    again = detector.send_with_clip(stated(world.camera.slug), MP4, message_id="msg_a")
    assert again.status_code == 202
    assert len(list(spool_module.spool().glob("*.clip"))) == 1
