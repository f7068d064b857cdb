"""One act, one event: through whichever door a decision comes, the chain says the same but for the door."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.alerts.models import Alert
from apps.audit.events import Channel
from apps.reviews.models import DecisionAttempt
from apps.reviews.operations import UnableToDecide, apply_attempt
from tests.reviews.conftest import FALSE_ALARM, THEFT, open_for_people, prepare, sign_in, submit
from tests.world import World, make_waiting_alert

pytestmark = pytest.mark.django_db

_DIFFERENT_BY_NATURE = ("id", "event_id", "occurred_at", "session", "channel")
_IDS = ("attempt", "task", "disposition", "payload")


def events_about(alert: Alert) -> list[dict[str, Any]]:
    """The chain's events about one alert since it waits, with ids that two acts cannot share named alike."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM audit_inbox WHERE subject_id = %s AND actor <> '' ORDER BY occurred_at",
            [str(alert.id)],
        )
        columns = [column.name for column in cursor.description or ()]
        rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    return [_comparable(row, alert) for row in rows]


def _comparable(row: dict[str, Any], alert: Alert) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name not in _DIFFERENT_BY_NATURE}
    details = json.loads(kept["details"])
    kept["details"] = {k: f"the {k}" if k in _IDS else v for k, v in details.items()}
    kept["subject_id"] = "the alert" if kept["subject_id"] == str(alert.id) else kept["subject_id"]
    return kept


def story(world: World, channel: Channel) -> list[dict[str, Any]]:
    """A refused theft, then a false alarm, prepared, confirmed and applied."""
    alert = open_for_people(make_waiting_alert(world.camera))
    actor = sign_in(world.operator, channel)
    with pytest.raises(UnableToDecide):
        prepare(world.operator, alert, THEFT, actor=actor)
    attempt = submit(
        prepare(world.operator, alert, FALSE_ALARM, actor=actor), world.operator, actor
    )
    apply_attempt(
        tenant_id=alert.tenant_id, alert_id=alert.id, attempt_id=attempt.id, now=timezone.now()
    )
    return events_about(alert)


@pytest.mark.parametrize("channel", [Channel.ADMIN, Channel.API, Channel.ASSISTANT])
def test_the_same_decision_leaves_the_same_events_on_every_channel(
    world: World, channel: Channel
) -> None:
    on_screen, elsewhere = story(world, Channel.SCREEN), story(world, channel)
    assert [event["event"] for event in on_screen] == [
        "attempt:refused",
        "attempt:prepared",
        "attempt:submitted",
        "attempt:applied",
        "confirmation:recorded",
        "disposition:recorded",
        "task:closed",
        "alert:resolved",
    ]
    assert _without_digests(on_screen) == _without_digests(elsewhere)


def _without_digests(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The payload's digest binds the alert's id, so two alerts' digests differ; that there is one must not."""
    hidden = ("after_digest", "before_digest", "reason_commitment")
    return [{k: bool(v) if k in hidden else v for k, v in event.items()} for event in events]


# --- the API


def api(client: Client, path: str, body: dict[str, Any] | None = None) -> Any:
    if body is None:
        return client.get(f"/api/v1/{path}")
    return client.post(f"/api/v1/{path}", body, content_type="application/json")


@pytest.fixture
def signed_in(world: World, client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    client.force_login(
        world.operator, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    monkeypatch.setattr("apps.reviews.api.authenticated_recently", lambda request: True)
    return client


BODY = {"verdict": "false_alarm", "reasons": ["paid"], "comment": "", "transfer_seen": None}


def test_a_decision_through_the_api_is_prepared_submitted_and_followed(
    signed_in: Client, waiting: Alert
) -> None:
    prepared = api(signed_in, f"alerts/{waiting.id}/decisions/", BODY)
    assert prepared.status_code == 201
    attempt = prepared.json()["attempt"]
    answer = api(
        signed_in,
        f"decisions/{attempt['id']}/submit/",
        {"token": prepared.json()["token"], "payload": BODY},
    )
    assert (answer.status_code, answer.json()["state"]) == (202, "submitted")
    followed = api(signed_in, f"decisions/{attempt['id']}/")
    assert followed.json()["sentence"].startswith("Recorded, waiting")
    assert DecisionAttempt.objects.get().channel == "api"


def test_deciding_through_the_api_needs_a_recent_sign_in(
    world: World, client: Client, waiting: Alert
) -> None:
    client.force_login(
        world.operator, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    answer = api(client, f"alerts/{waiting.id}/decisions/", BODY)
    assert (answer.status_code, answer.json()["code"]) == (403, "reauthenticate")
    assert not DecisionAttempt.objects.exists()


@pytest.mark.parametrize(
    ("person", "status"),
    [("stranger", 404), ("foreign_operator", 404), ("store_manager", 403), ("compliance", 403)],
)
def test_strangers_get_404_and_the_unauthorised_403(
    world: World, signed_in: Client, waiting: Alert, person: str, status: int
) -> None:
    signed_in.force_login(
        getattr(world, person), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    assert api(signed_in, f"alerts/{waiting.id}/decisions/", BODY).status_code == status


def test_nobody_follows_or_submits_somebody_elses_attempt(
    world: World, signed_in: Client, waiting: Alert
) -> None:
    prepared = api(signed_in, f"alerts/{waiting.id}/decisions/", BODY).json()
    signed_in.force_login(
        world.second_operator, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    path = f"decisions/{prepared['attempt']['id']}/"
    assert api(signed_in, path).status_code == 404
    body = {"token": prepared["token"], "payload": BODY}
    assert api(signed_in, f"{path}submit/", body).status_code == 404
    assert DecisionAttempt.objects.get().state == "prepared"


def test_a_refusal_through_the_api_has_a_code_and_a_sentence_and_stays_recorded(
    signed_in: Client, waiting: Alert
) -> None:
    theft = BODY | {"verdict": "theft_confirmed", "reasons": [], "transfer_seen": True}
    answer = api(signed_in, f"alerts/{waiting.id}/decisions/", theft)
    assert answer.status_code == 422
    assert answer.json() == {"code": "not_played", "detail": "Play the marked 4 s first."}
    assert events_about(waiting)[-1]["event"] == "attempt:refused"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"verdict": "guilty"},
        BODY | {"reasons": ["too_dark"]},
        BODY | {"comment": "x" * 2001},
        BODY | {"transfer_seen": "perhaps"},
        [],
    ],
)
def test_a_decision_without_the_documented_shape_is_a_400(
    signed_in: Client, waiting: Alert, body: Any
) -> None:
    assert api(signed_in, f"alerts/{waiting.id}/decisions/", body).status_code == 400
