"""Nobody decides untrained: the record, who may write it, what it opens, and that it stays as it was written."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError
from django.utils import timezone

from apps.accounts.models import Tenant, TrainingRecord, TrainingRevocation, User
from apps.accounts.permissions import Permission, Role
from apps.accounts.queries import (
    TrainingState,
    training_lines,
    training_standing,
    training_then,
)
from apps.accounts.tenancy import tenant_scope
from apps.accounts.training import Training, UnableToRecord, record_training, revoke_training
from apps.audit.events import Actor, Channel
from apps.console.demo import seed
from apps.reviews.operations import UnableToDecide, apply_attempt
from apps.reviews.queries import decision_bar
from apps.reviews.words import Code
from apps.watchlists.models.sightings import Answer
from apps.watchlists.operations.leads import UnableToJudge, judge_lead
from tests.console.people import signed_in
from tests.reviews.conftest import open_for_people, prepare, sign_in, submit
from tests.watchlists.people import a_lead, events_of, fill, in_force
from tests.world import NOW, World, make_person, make_waiting_alert

pytestmark = pytest.mark.django_db

YEAR = timedelta(days=365)
TRAINING = Training(
    release="2026.1",
    trainer="Tess Trainer",
    covered="What the machine cannot see, and STOP.",
    trained_on=NOW.date(),
    valid_until=NOW.date() + YEAR,
)


@pytest.fixture
def newcomer(world: World) -> User:
    """An operator of the site whose training nobody has recorded."""
    return make_person(world.tenant, Role.OPERATOR, world.site, is_trained=False)


def actor_of(user: User) -> Actor:
    return Actor(tenant_id=user.tenant_id, user_id=user.id, role=user.role, channel=Channel.SCREEN)


def train(by: User, *people: User, now: datetime = NOW, **changes: Any) -> list[TrainingRecord]:
    training = Training(**{**vars(TRAINING), **changes})
    return record_training(actor=actor_of(by), user=by, people=people, training=training, now=now)


def revoke(by: User, record: TrainingRecord, *, now: datetime = NOW) -> TrainingRevocation:
    return revoke_training(
        actor=actor_of(by), user=by, training=record, reason="The trainer was not one", now=now
    )


# --- what it opens


def test_somebody_untrained_is_refused_with_the_reason_and_the_refusal_is_kept(
    world: World, newcomer: User
) -> None:
    alert = open_for_people(make_waiting_alert(world.camera))
    with pytest.raises(UnableToDecide) as refused:
        prepare(newcomer, alert)
    assert refused.value.code is Code.NOT_TRAINED
    assert refused.value.sentence == (
        "Your training for release 2026.1 is not recorded. Ask compliance or an administrator to record it."
    )
    (event,) = events_of("attempt:refused")
    assert "not_trained" in event.details


def test_once_recorded_the_same_person_decides(world: World, newcomer: User) -> None:
    alert = open_for_people(make_waiting_alert(world.camera))
    train(world.compliance, newcomer, now=timezone.now())
    actor = sign_in(newcomer)
    attempt = submit(prepare(newcomer, alert, actor=actor), newcomer, actor)
    apply_attempt(
        tenant_id=alert.tenant_id, alert_id=alert.id, attempt_id=attempt.id, now=timezone.now()
    )
    alert.refresh_from_db()
    assert alert.state == "resolved"


def test_a_record_taken_back_stops_a_decision_that_was_already_prepared(
    world: World, newcomer: User
) -> None:
    alert = open_for_people(make_waiting_alert(world.camera))
    (record,) = train(world.compliance, newcomer, now=timezone.now())
    actor = sign_in(newcomer)
    prepared = prepare(newcomer, alert, actor=actor)
    revoke(world.compliance, record, now=timezone.now())
    with pytest.raises(UnableToDecide) as refused:
        submit(prepared, newcomer, actor)
    assert refused.value.code is Code.NOT_TRAINED


def test_a_record_taken_back_stops_a_decision_that_was_submitted(
    world: World, newcomer: User
) -> None:
    alert = open_for_people(make_waiting_alert(world.camera))
    (record,) = train(world.compliance, newcomer, now=timezone.now())
    actor = sign_in(newcomer)
    attempt = submit(prepare(newcomer, alert, actor=actor), newcomer, actor)
    revoke(world.compliance, record, now=timezone.now())
    apply_attempt(
        tenant_id=alert.tenant_id, alert_id=alert.id, attempt_id=attempt.id, now=timezone.now()
    )
    attempt.refresh_from_db()
    alert.refresh_from_db()
    assert (attempt.state, attempt.outcome_code) == ("refused", "not_trained")
    assert alert.state == "awaiting_review"


def test_the_decision_bar_says_why_nothing_can_be_chosen(world: World, newcomer: User) -> None:
    alert = open_for_people(make_waiting_alert(world.camera))
    bar = decision_bar(newcomer, alert)
    assert "is not recorded. Ask compliance" in bar.blocked
    assert not any(choice.enabled for choice in bar.choices)
    page = signed_in(newcomer).get(f"/alerts/{alert.id}/").content.decode()
    assert "Your training for release 2026.1 is not recorded" in page


def test_the_api_refuses_the_untrained_with_a_code(world: World, newcomer: User) -> None:
    alert = open_for_people(make_waiting_alert(world.camera))
    answer = signed_in(newcomer).post(
        f"/api/v1/alerts/{alert.id}/decisions/",
        {"verdict": "false_alarm", "reasons": ["paid"]},
        content_type="application/json",
    )
    assert answer.status_code == 403
    assert answer.json()["code"] == "not_trained"


def test_leads_of_faces_are_not_judged_untrained_either(world: World, newcomer: User) -> None:
    fill(world.compliance)
    lead = a_lead(world, in_force(world))
    with pytest.raises(UnableToJudge, match="is not recorded"):
        judge_lead(
            actor=actor_of(newcomer),
            user=newcomer,
            lead=lead,
            answer=Answer.SAME,
            reason="Same ears, same scar on the chin.",
            now=timezone.now(),
        )
    assert not lead.judgements.exists()
    page = signed_in(newcomer).get(f"/watchlist/leads/{lead.id}/").content.decode()
    assert "Your training for release 2026.1 is not recorded" in page
    assert "Record my answer" not in page


# --- standing


def test_a_new_release_asks_for_a_new_record(world: World, settings: Any) -> None:
    assert training_standing(world.operator, NOW).is_covered
    settings.TRAINING_RELEASE = "2027.1"
    standing = training_standing(world.operator, NOW)
    assert standing.state is TrainingState.MISSING
    assert "release 2027.1 is not recorded" in standing.sentence


def test_a_training_counts_through_its_last_day(world: World, newcomer: User) -> None:
    train(world.compliance, newcomer, valid_until=date(2026, 12, 24))
    eve, day_after = (
        datetime.fromisoformat("2026-12-24T23:59:59+00:00"),
        "2026-12-25T00:00:00+00:00",
    )
    assert training_standing(newcomer, eve).state is TrainingState.ENDS_SOON
    ended = training_standing(newcomer, datetime.fromisoformat(day_after))
    assert ended.state is TrainingState.ENDED
    assert "ended on 24 December 2026" in ended.sentence


def test_a_second_record_counts_on_after_the_first_was_taken_back(
    world: World, newcomer: User
) -> None:
    (first,) = train(world.compliance, newcomer)
    train(world.administrator, newcomer, valid_until=NOW.date() + timedelta(days=100))
    revoke(world.compliance, first)
    later = NOW + timedelta(minutes=1)
    assert training_standing(newcomer, later).is_covered


def test_what_was_on_record_at_a_past_decision_is_not_changed_by_taking_it_back(
    world: World, newcomer: User
) -> None:
    (record,) = train(world.compliance, newcomer)
    revoke(world.compliance, record, now=NOW + timedelta(days=2))
    assert str(record.id) in training_then(newcomer, NOW + timedelta(days=1))
    assert training_then(newcomer, NOW + timedelta(days=3)) == "no training was on record"


def test_who_may_not_decide_comes_first_and_the_list_costs_two_queries(
    world: World, newcomer: User, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(2):
        lines = training_lines(world.tenant.id, NOW)
    assert lines[0].person == newcomer
    assert {line.person.role for line in lines} == {"operator", "lp_lead", "administrator"}
    assert world.foreign_operator not in [line.person for line in lines]


# --- who writes it


def test_nobody_records_their_own(world: World) -> None:
    with pytest.raises(UnableToRecord, match="somebody else"):
        train(world.administrator, world.operator, world.administrator)
    assert TrainingRecord.objects.filter(recorded_by__isnull=False).count() == 0  # nor the others


@pytest.mark.parametrize("role", ["operator", "lead", "store_manager", "ops"])
def test_recording_is_for_compliance_and_administrators(world: World, role: str) -> None:
    with pytest.raises(UnableToRecord, match="not part of your role"):
        train(getattr(world, role), world.second_operator)


def test_nobody_records_for_another_company(world: World) -> None:
    with pytest.raises(UnableToRecord, match="nobody of this organisation"):
        train(world.compliance, world.foreign_operator)


def test_only_a_drill_records_without_a_person(world: World) -> None:
    with pytest.raises(UnableToRecord, match="except in a drill"):
        record_training(
            actor=Actor.system(world.tenant.id),
            user=None,
            people=[world.operator],
            training=TRAINING,
            now=NOW,
        )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"trained_on": NOW.date() + timedelta(days=2)}, "once it has taken place"),
        ({"valid_until": NOW.date() - timedelta(days=1)}, "two years at most"),
        ({"valid_until": NOW.date() + timedelta(days=732)}, "two years at most"),
        ({"covered": "short"}, "what the training covered"),
        ({"trainer": "  "}, "who held the training"),
        ({"release": "next one"}, "letters, digits"),
    ],
    ids=["to-come", "ends-before", "too-long", "nothing-said", "no-trainer", "no-release"],
)
def test_what_cannot_be_a_training_is_refused(
    world: World, newcomer: User, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(UnableToRecord, match=why):
        train(world.compliance, newcomer, **changes)


def test_the_record_and_its_end_are_in_the_chain_without_a_word_about_anybody(
    world: World, newcomer: User
) -> None:
    (record,) = train(world.compliance, newcomer)
    revoke(world.compliance, record)
    (trained,) = events_of("user:trained")
    (revoked,) = events_of("user:training_revoked")
    assert trained.subject_id == revoked.subject_id == str(newcomer.id)
    assert str(record.id) in trained.details
    assert "Tess" not in trained.details + revoked.details
    assert newcomer.email not in trained.details + revoked.details


def test_a_record_is_taken_back_once(world: World, newcomer: User) -> None:
    (record,) = train(world.compliance, newcomer)
    revoke(world.compliance, record)
    with pytest.raises(UnableToRecord, match="before"):
        revoke(world.administrator, record)
    assert len(events_of("user:training_revoked")) == 1


# --- the database


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_trainingrecord SET valid_until = '2099-01-01'",
        "DELETE FROM accounts_trainingrecord",
        "TRUNCATE accounts_trainingrecord CASCADE",
        "UPDATE accounts_trainingrevocation SET reason = 'another'",
        "DELETE FROM accounts_trainingrevocation",
    ],
)
def test_the_database_refuses_to_change_what_was_recorded(
    world: World, newcomer: User, statement: str
) -> None:
    (record,) = train(world.compliance, newcomer)
    revoke(world.compliance, record)
    with (
        pytest.raises((ProgrammingError, IntegrityError)),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_the_database_refuses_ones_own_record(world: World) -> None:
    with (
        pytest.raises(IntegrityError, match="nobody_records_their_own_training"),
        transaction.atomic(),
    ):
        TrainingRecord.objects.create(
            tenant=world.tenant,
            person=world.compliance,
            recorded_by=world.compliance,
            recorded_at=NOW,
            **vars(TRAINING),
        )


# --- nobody is locked out


def test_a_drill_starts_with_trained_people_and_a_real_store_is_told_what_to_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("tenant_create", "acme", name="Acme", admin_email="ada@example.test")
    said = capsys.readouterr().out
    assert "once you or compliance recorded their training" in said


def test_whoever_may_decide_at_all_is_among_those_who_need_training(world: World) -> None:
    needing = {line.person for line in training_lines(world.tenant.id, NOW)}
    for person in User.objects.filter(tenant=world.tenant, is_active=True):
        decides = person.may(Permission.DECIDE) or person.may(Permission.CONFIRM_SIGHTING)
        assert (person in needing) == decides


@time_machine.travel("2026-11-20T10:00:00+00:00", tick=False)
def test_a_drill_that_is_seeded_again_trains_nobody_twice() -> None:
    for _ in range(2):
        seed(now=timezone.now())
    tenant = Tenant.objects.get(slug="demo")
    with tenant_scope(tenant.id):
        assert TrainingRecord.objects.filter(tenant=tenant).count() == 4
        assert all(line.standing.is_covered for line in training_lines(tenant.id, timezone.now()))
