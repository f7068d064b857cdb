"""One waiting alert with its open task, and people who may or may not decide it."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from apps.accounts.models import User
from apps.alerts.models import Alert
from apps.audit.events import Actor, Channel
from apps.reviews.models import DecisionAttempt
from apps.reviews.operations import (
    Prepared,
    open_task,
    prepare_attempt,
    record_playback,
    submit_attempt,
)
from apps.reviews.payload import DecisionPayload
from apps.triage.states import Verdict
from tests.world import World, make_waiting_alert

FALSE_ALARM = DecisionPayload(verdict=Verdict.FALSE_ALARM, reasons=("paid",))
THEFT = DecisionPayload(
    verdict=Verdict.THEFT_CONFIRMED, reasons=("exit_unpaid",), transfer_seen=True
)


def sign_in(user: User, channel: Channel = Channel.SCREEN) -> Actor:
    """A real session of this person, and the actor their requests would have."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return actor_in(user, session.session_key or "", channel)


def actor_in(user: User, session_key: str, channel: Channel = Channel.SCREEN) -> Actor:
    return Actor(
        tenant_id=user.tenant_id,
        user_id=user.id,
        role=user.role,
        channel=channel,
        session=hashlib.sha256(session_key.encode()).hexdigest()[:32],
    )


def watch(user: User, alert: Alert, *spans: tuple[int, int]) -> None:
    for start, end in spans or ((2_000, 6_000),):
        record_playback(
            actor=sign_in(user),
            user=user,
            alert=alert,
            session="player",
            from_ms=start,
            to_ms=end,
            now=timezone.now(),
        )


def prepare(
    user: User,
    alert: Alert,
    payload: DecisionPayload = FALSE_ALARM,
    *,
    actor: Actor | None = None,
    now: datetime | None = None,
) -> Prepared:
    return prepare_attempt(
        actor=actor or sign_in(user),
        user=user,
        alert=alert,
        payload=payload,
        now=now or timezone.now(),
    )


def submit(prepared: Prepared, user: User, actor: Actor, **changes: Any) -> DecisionAttempt:
    arguments: dict[str, Any] = {
        "attempt_id": prepared.attempt.id,
        "token": prepared.token,
        "payload": DecisionPayload.from_json(prepared.attempt.payload),
        "now": timezone.now(),
    }
    return submit_attempt(actor=actor, user=user, **(arguments | changes))


def open_for_people(alert: Alert) -> Alert:
    now = timezone.now()
    open_task(alert=alert, due_at=now + timedelta(minutes=15), now=now)
    return alert


@pytest.fixture
def waiting(world: World) -> Alert:
    """An alert in front of people, due in 15 minutes; its clip is 10 s long, 2 to 6 s marked."""
    return open_for_people(make_waiting_alert(world.camera))


@pytest.fixture
def submitted(waiting: Alert) -> Callable[..., DecisionAttempt]:
    """Makes a submitted attempt of a person."""

    def make(
        user: User, payload: DecisionPayload = FALSE_ALARM, actor: Actor | None = None
    ) -> DecisionAttempt:
        who = actor or sign_in(user)
        return submit(prepare(user, waiting, payload, actor=who), user, who)

    return make
