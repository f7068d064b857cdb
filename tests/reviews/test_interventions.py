"""An act on the floor rests on a fresh confirmation; its outcome and any complaint are added once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.alerts.models import Alert
from apps.reviews.models import DecisionAttempt, Intervention, InterventionKind, InterventionOutcome
from apps.reviews.operations import (
    UnableToIntervene,
    apply_attempt,
    record_complaint,
    record_intervention,
    record_outcome,
)
from tests.reviews.conftest import FALSE_ALARM, THEFT, sign_in, watch
from tests.world import World

pytestmark = pytest.mark.django_db
Submitted = Callable[..., DecisionAttempt]


def settle(attempt: DecisionAttempt) -> None:
    apply_attempt(
        tenant_id=attempt.tenant_id,
        alert_id=attempt.alert_id,
        attempt_id=attempt.id,
        now=timezone.now(),
    )


def intervene(
    world: World, alert: Alert, kind: InterventionKind, after: timedelta = timedelta()
) -> Intervention:
    return record_intervention(
        actor=sign_in(world.operator),
        user=world.operator,
        alert=alert,
        kind=kind,
        now=timezone.now() + after,
    )


@pytest.fixture
def theft(world: World, waiting: Alert, submitted: Submitted) -> Alert:
    watch(world.operator, waiting)
    settle(submitted(world.operator, THEFT))
    return waiting


def test_nobody_is_approached_before_somebody_has_confirmed(world: World, waiting: Alert) -> None:
    with pytest.raises(UnableToIntervene, match="Nobody has decided"):
        intervene(world, waiting, InterventionKind.APPROACH)


def test_nobody_is_approached_for_a_false_alarm(
    world: World, waiting: Alert, submitted: Submitted
) -> None:
    settle(submitted(world.operator, FALSE_ALARM))
    for kind in (InterventionKind.APPROACH, InterventionKind.POLICE):
        with pytest.raises(UnableToIntervene, match="confirmed theft"):
            intervene(world, waiting, kind)
    assert intervene(world, waiting, InterventionKind.NONE).kind == "none"


def test_an_intervention_names_the_confirmation_it_rests_on(world: World, theft: Alert) -> None:
    found = intervene(world, theft, InterventionKind.APPROACH)
    assert found.confirmation.attempt.alert_id == theft.id
    assert found.authorised_by == world.operator.id


def test_an_old_confirmation_allows_nothing_on_the_floor(world: World, theft: Alert) -> None:
    with pytest.raises(UnableToIntervene, match="older than 30 minutes"):
        intervene(world, theft, InterventionKind.POLICE, after=timedelta(minutes=31))


def test_outcome_and_complaint_are_recorded_once(world: World, theft: Alert) -> None:
    found = intervene(world, theft, InterventionKind.APPROACH)
    actor, now = sign_in(world.operator), timezone.now()
    who = {"actor": actor, "user": world.operator, "intervention": found}
    record_outcome(**who, outcome=InterventionOutcome.RECEIPT_SHOWN, now=now)
    record_complaint(**who, text="It was my own bag.")
    with pytest.raises(UnableToIntervene, match="recorded already"):
        record_outcome(**who, outcome=InterventionOutcome.LEFT, now=now)
    with pytest.raises(UnableToIntervene, match="recorded already"):
        record_complaint(**who, text="Another story.")
    stored = Intervention.objects.get()
    assert (stored.outcome, stored.complaint) == ("receipt_shown", "It was my own bag.")


def test_people_without_the_permission_authorise_nothing(world: World, theft: Alert) -> None:
    with pytest.raises(UnableToIntervene, match="may not"):
        record_intervention(
            actor=sign_in(world.store_manager),
            user=world.store_manager,
            alert=theft,
            kind=InterventionKind.OBSERVE,
            now=timezone.now(),
        )
