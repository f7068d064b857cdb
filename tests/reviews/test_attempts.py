"""A decision takes effect once, for exactly what was shown, by exactly who confirmed it, in time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from apps.accounts.permissions import Role
from apps.alerts.models import Alert, Disposition
from apps.audit.events import Event
from apps.reviews.models import Confirmation, DecisionAttempt, HumanTask
from apps.reviews.operations import (
    AttemptOutcome,
    UnableToDecide,
    apply_attempt,
    expire_attempts,
    refuse_attempt,
)
from apps.reviews.payload import DecisionPayload
from apps.reviews.words import Code
from apps.triage.states import AlertState, AttemptState, Verdict
from tests.reviews.conftest import FALSE_ALARM, THEFT, prepare, sign_in, submit, watch
from tests.world import World, make_person

pytestmark = pytest.mark.django_db
Submitted = Callable[..., DecisionAttempt]


def apply(attempt: DecisionAttempt, **changes: object) -> AttemptOutcome:
    arguments = {
        "tenant_id": attempt.tenant_id,
        "alert_id": attempt.alert_id,
        "attempt_id": attempt.id,
        "now": timezone.now(),
    }
    return apply_attempt(**(arguments | changes))  # type: ignore[arg-type]


def events() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT event FROM audit_inbox ORDER BY occurred_at")
        return [row[0] for row in cursor.fetchall()]


def unchanged(alert: Alert) -> bool:
    found = Alert.objects.get(id=alert.id)
    return (
        found.state == AlertState.AWAITING_REVIEW
        and not Disposition.objects.filter(alert=alert).exists()
        and not Confirmation.objects.filter(task__alert=alert).exists()
    )


def test_a_decision_is_prepared_submitted_and_applied_once(
    world: World, waiting: Alert, submitted: Submitted
) -> None:
    attempt = submitted(world.operator)
    assert unchanged(waiting)
    first, again = apply(attempt), apply(attempt)
    assert first == again == AttemptOutcome(code=Code.APPLIED, verdict=Verdict.FALSE_ALARM)
    alert = Alert.objects.get(id=waiting.id)
    assert (alert.state, alert.version) == (AlertState.RESOLVED, waiting.version + 1)
    assert HumanTask.objects.get(alert=waiting).state == "done"
    disposition = Disposition.objects.get(alert=waiting)
    assert (disposition.verdict, disposition.decided_by) == ("false_alarm", world.operator.id)
    assert Confirmation.objects.count() == 1
    assert events().count(Event.ALERT_RESOLVED) == 1


def test_the_token_is_kept_as_a_hash_only(world: World, waiting: Alert) -> None:
    prepared = prepare(world.operator, waiting)
    stored = DecisionAttempt.objects.values().get(id=prepared.attempt.id)
    assert prepared.token not in str(stored)
    assert (stored["expires_at"] - stored["prepared_at"]) <= timedelta(seconds=120)


def test_a_confirmation_a_millisecond_late_is_refused(world: World, waiting: Alert) -> None:
    actor = sign_in(world.operator)
    prepared = prepare(world.operator, waiting, actor=actor)
    late = prepared.attempt.expires_at + timedelta(milliseconds=1)
    with pytest.raises(UnableToDecide) as refusal:
        submit(prepared, world.operator, actor, now=late)
    assert refusal.value.code == Code.EXPIRED
    assert DecisionAttempt.objects.get().state == AttemptState.EXPIRED
    assert unchanged(waiting)


def test_an_attempt_applied_a_millisecond_late_is_refused(
    world: World, waiting: Alert, submitted: Submitted
) -> None:
    attempt = submitted(world.operator)
    outcome = apply(attempt, now=attempt.expires_at + timedelta(milliseconds=1))
    assert outcome == AttemptOutcome(code=Code.EXPIRED)
    assert unchanged(waiting)
    assert Event.ATTEMPT_EXPIRED in events()


def test_a_clock_set_back_does_not_revive_a_token(
    world: World, waiting: Alert, submitted: Submitted
) -> None:
    """The caller's clock says there is time; the database's says there is none."""
    attempt = submitted(world.operator)
    now = timezone.now()
    DecisionAttempt.objects.filter(id=attempt.id).update(
        prepared_at=now - timedelta(minutes=5), expires_at=now - timedelta(minutes=3)
    )
    outcome = apply(attempt, now=now - timedelta(minutes=4))
    assert outcome.code == Code.EXPIRED
    assert unchanged(waiting)


def test_a_replayed_confirmation_counts_once(world: World, waiting: Alert) -> None:
    actor = sign_in(world.operator)
    prepared = prepare(world.operator, waiting, actor=actor)
    submit(prepared, world.operator, actor)
    with pytest.raises(UnableToDecide) as refusal:
        submit(prepared, world.operator, actor)
    assert refusal.value.code == Code.REPLAYED
    assert DecisionAttempt.objects.get().state == AttemptState.SUBMITTED
    assert Event.ATTEMPT_REFUSED in events()


def test_another_person_cannot_use_a_token_and_does_not_spoil_it(
    world: World, waiting: Alert
) -> None:
    actor = sign_in(world.operator)
    prepared = prepare(world.operator, waiting, actor=actor)
    with pytest.raises(UnableToDecide) as refusal:
        submit(prepared, world.second_operator, sign_in(world.second_operator))
    assert refusal.value.code == Code.OTHER_USER
    assert Event.ATTEMPT_REFUSED in events()
    assert submit(prepared, world.operator, actor).state == AttemptState.SUBMITTED


def test_a_token_stays_in_its_session(world: World, waiting: Alert) -> None:
    prepared = prepare(world.operator, waiting)
    with pytest.raises(UnableToDecide) as refusal:
        submit(prepared, world.operator, sign_in(world.operator))
    assert refusal.value.code == Code.OTHER_SESSION


@pytest.mark.parametrize(
    "changed",
    [
        replace(FALSE_ALARM, comment=" "),
        replace(FALSE_ALARM, reasons=()),
        replace(FALSE_ALARM, transfer_seen=False),
        DecisionPayload(verdict=Verdict.INCONCLUSIVE),
    ],
)
def test_one_changed_byte_is_refused(
    world: World, waiting: Alert, changed: DecisionPayload
) -> None:
    actor = sign_in(world.operator)
    prepared = prepare(world.operator, waiting, actor=actor)
    with pytest.raises(UnableToDecide) as refusal:
        submit(prepared, world.operator, actor, payload=changed)
    assert refusal.value.code == Code.PAYLOAD_CHANGED
    assert DecisionAttempt.objects.get().state == AttemptState.REFUSED
    assert unchanged(waiting)


def test_a_payload_changed_in_the_database_is_refused(
    world: World, waiting: Alert, submitted: Submitted
) -> None:
    attempt = submitted(world.operator)
    forged = replace(FALSE_ALARM, reasons=("item_put_back",)).to_json()
    DecisionAttempt.objects.filter(id=attempt.id).update(payload=forged)
    assert apply(attempt).code == Code.PAYLOAD_CHANGED
    assert unchanged(waiting)


def test_a_wrong_token_ends_the_attempt(world: World, waiting: Alert) -> None:
    actor = sign_in(world.operator)
    prepared = prepare(world.operator, waiting, actor=actor)
    with pytest.raises(UnableToDecide) as refusal:
        submit(prepared, world.operator, actor, token="guessed")
    assert refusal.value.code == Code.WRONG_TOKEN
    with pytest.raises(UnableToDecide):
        submit(prepared, world.operator, actor)
    assert unchanged(waiting)


def test_a_revoked_role_is_refused_at_use(
    world: World, waiting: Alert, submitted: Submitted
) -> None:
    attempt = submitted(world.operator)
    world.operator.role = Role.STORE_MANAGER
    world.operator.save(update_fields=["role"])
    assert apply(attempt).code == Code.FORBIDDEN
    assert unchanged(waiting)


def test_a_withdrawn_grant_is_refused_at_use(
    world: World, waiting: Alert, submitted: Submitted
) -> None:
    attempt = submitted(world.operator)
    world.site.siteuserobjectpermission_set.filter(user=world.operator).delete()
    assert apply(attempt).code == Code.FORBIDDEN
    assert unchanged(waiting)


def test_a_killed_session_is_refused_at_use(
    world: World, waiting: Alert, submitted: Submitted
) -> None:
    attempt = submitted(world.operator)
    Session.objects.all().delete()
    assert apply(attempt).code == Code.SESSION_ENDED
    assert unchanged(waiting)


def test_a_changed_password_ends_the_session_of_a_decision(
    world: World, waiting: Alert, submitted: Submitted
) -> None:
    attempt = submitted(world.operator)
    world.operator.set_password("another one entirely")
    world.operator.save(update_fields=["password"])
    assert apply(attempt).code == Code.SESSION_ENDED


def test_a_switched_off_account_is_refused_at_use(
    world: World, waiting: Alert, submitted: Submitted
) -> None:
    attempt = submitted(world.operator)
    world.operator.is_active = False
    world.operator.save(update_fields=["is_active"])
    assert apply(attempt).code == Code.SESSION_ENDED
    assert unchanged(waiting)


def test_a_decision_about_an_older_version_is_refused(
    world: World, waiting: Alert, submitted: Submitted
) -> None:
    attempt = submitted(world.operator)
    Alert.objects.filter(id=waiting.id).update(version=waiting.version + 1)
    assert apply(attempt).code == Code.STALE


def test_the_second_decision_learns_who_decided_and_when(
    world: World, waiting: Alert, submitted: Submitted
) -> None:
    first, second = submitted(world.operator), submitted(world.second_operator)
    apply(first)
    assert apply(second) == AttemptOutcome(code=Code.ALREADY_DECIDED, verdict=Verdict.FALSE_ALARM)
    found = DecisionAttempt.objects.get(id=second.id)
    assert found.state == AttemptState.REFUSED
    assert found.outcome_text.startswith(f"Already decided by {world.operator.display_name} at ")
    assert Disposition.objects.count() == Confirmation.objects.count() == 1


@pytest.mark.parametrize("person", ["store_manager", "compliance", "administrator", "stranger"])
def test_people_without_the_permission_cannot_prepare(
    world: World, waiting: Alert, person: str
) -> None:
    with pytest.raises(UnableToDecide) as refusal:
        prepare(getattr(world, person), waiting)
    assert refusal.value.code == Code.FORBIDDEN
    assert Event.ATTEMPT_REFUSED in events()
    assert not DecisionAttempt.objects.exists()


def test_an_update_for_an_attempt_nobody_submitted_does_nothing(
    world: World, waiting: Alert
) -> None:
    prepared = prepare(world.operator, waiting)
    assert apply(prepared.attempt).code == Code.NOT_SUBMITTED
    assert apply(prepared.attempt, attempt_id=uuid4()).code == Code.UNKNOWN
    assert DecisionAttempt.objects.get().state == AttemptState.PREPARED
    assert unchanged(waiting)
    assert events().count(Event.ATTEMPT_REFUSED) == 2


def test_expired_attempts_are_swept_and_approve_nothing(
    world: World, waiting: Alert, submitted: Submitted
) -> None:
    attempt = submitted(world.operator)
    prepare(world.second_operator, waiting)
    later = attempt.expires_at + timedelta(minutes=1)
    assert expire_attempts(now=later) == 2
    assert expire_attempts(now=later) == 0
    assert unchanged(waiting)
    assert set(DecisionAttempt.objects.values_list("state", flat=True)) == {"expired"}


def test_refusing_an_applied_attempt_changes_nothing(
    world: World, waiting: Alert, submitted: Submitted
) -> None:
    attempt = submitted(world.operator)
    apply(attempt)
    refuse_attempt(attempt_id=attempt.id, code=Code.ALREADY_DECIDED, now=timezone.now())
    assert DecisionAttempt.objects.get().state == AttemptState.APPLIED


# --- theft needs eyes on the clip


def test_theft_is_refused_without_playback(world: World, waiting: Alert) -> None:
    with pytest.raises(UnableToDecide) as refusal:
        prepare(world.operator, waiting, THEFT)
    assert refusal.value.code == Code.NOT_PLAYED
    assert refusal.value.sentence == "Play the marked 4 s first."


def test_somebody_elses_playback_does_not_count(world: World, waiting: Alert) -> None:
    watch(world.second_operator, waiting)
    with pytest.raises(UnableToDecide) as refusal:
        prepare(world.operator, waiting, THEFT)
    assert refusal.value.code == Code.NOT_PLAYED


@pytest.mark.parametrize(
    ("spans", "enough"),
    [
        (((2_000, 6_000),), True),
        (((2_000, 5_599),), False),
        (((2_000, 5_600),), True),
        (((2_000, 4_000), (2_000, 4_000), (2_000, 4_000)), False),
        (((4_500, 8_000), (0, 4_500)), True),
        (((6_000, 10_000), (0, 2_000)), False),
    ],
)
def test_nine_tenths_of_the_marked_span_must_have_played(
    world: World, waiting: Alert, spans: tuple[tuple[int, int], ...], enough: bool
) -> None:
    watch(world.operator, waiting, *spans)
    if enough:
        assert prepare(world.operator, waiting, THEFT).token
    else:
        with pytest.raises(UnableToDecide):
            prepare(world.operator, waiting, THEFT)


@pytest.mark.parametrize("seen", [None, False])
def test_theft_needs_the_transfer_seen(world: World, waiting: Alert, seen: bool | None) -> None:
    watch(world.operator, waiting)
    with pytest.raises(UnableToDecide) as refusal:
        prepare(world.operator, waiting, replace(THEFT, transfer_seen=seen))
    assert refusal.value.code == Code.TRANSFER_NOT_SEEN


def test_theft_is_refused_at_use_when_the_clip_is_gone(
    world: World, waiting: Alert, submitted: Submitted
) -> None:
    watch(world.operator, waiting)
    attempt = submitted(world.operator, THEFT)
    waiting.clip.state = "refused"
    waiting.clip.save(update_fields=["state"])
    assert apply(attempt).code == Code.NO_VIEWABLE_CLIP
    assert unchanged(waiting)


def test_a_confirmed_theft_keeps_how_much_was_watched(
    world: World, waiting: Alert, submitted: Submitted
) -> None:
    watch(world.operator, waiting, (1_000, 7_000))
    assert apply(submitted(world.operator, THEFT)).verdict is Verdict.THEFT_CONFIRMED
    assert Confirmation.objects.get().viewed_ms == 6_000


# --- four eyes


@pytest.fixture
def biometric(waiting: Alert) -> Alert:
    HumanTask.objects.filter(alert=waiting).update(required_confirmations=2)
    return waiting


def test_the_second_confirmation_must_come_from_another_person(
    world: World, biometric: Alert, submitted: Submitted
) -> None:
    assert apply(submitted(world.operator)) == AttemptOutcome(code=Code.FIRST_OF_TWO)
    assert Alert.objects.get(id=biometric.id).state == AlertState.AWAITING_REVIEW
    with pytest.raises(UnableToDecide) as refusal:
        prepare(world.operator, biometric)
    assert refusal.value.code == Code.SAME_PERSON
    outcome = apply(submitted(world.second_operator))
    assert outcome == AttemptOutcome(code=Code.APPLIED, verdict=Verdict.FALSE_ALARM)
    assert Confirmation.objects.count() == 2


def test_two_sessions_of_one_person_are_one_person(
    world: World, biometric: Alert, submitted: Submitted
) -> None:
    first, second = submitted(world.operator), submitted(world.operator)
    apply(first)
    assert apply(second).code == Code.SAME_PERSON
    assert Confirmation.objects.count() == 1


def test_two_people_who_disagree_decide_nothing_yet(
    world: World, biometric: Alert, submitted: Submitted
) -> None:
    third = make_person(world.tenant, Role.OPERATOR, world.site)
    apply(submitted(world.operator))
    other = DecisionPayload(verdict=Verdict.INCONCLUSIVE, reasons=("too_dark",))
    assert apply(submitted(world.second_operator, other)).code == Code.FIRST_OF_TWO
    assert not Disposition.objects.exists()
    assert apply(submitted(third)).verdict is Verdict.FALSE_ALARM
