"""An act on the floor rests on a fresh confirmation; outcome and complaint are recorded once, and corrected openly."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.alerts.models import Alert
from apps.audit.models import InboxEntry
from apps.reviews.models import (
    DecisionAttempt,
    Intervention,
    InterventionEntry,
    InterventionKind,
    InterventionOutcome,
)
from apps.reviews.operations import (
    UnableToIntervene,
    apply_attempt,
    record_complaint,
    record_intervention,
    record_outcome,
    settle_complaint,
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


SEEN = "The bag was opened at the till."


def by(user: User, found: Intervention) -> dict[str, Any]:
    return {
        "actor": sign_in(user),
        "user": user,
        "intervention": found,
        "reason": SEEN,
        "now": timezone.now(),
    }


@pytest.fixture
def approached(world: World, theft: Alert) -> Intervention:
    return intervene(world, theft, InterventionKind.APPROACH)


def test_store_staff_record_the_outcome_once(world: World, approached: Intervention) -> None:
    record_outcome(**by(world.store_manager, approached), outcome=InterventionOutcome.RECOVERED)
    with pytest.raises(UnableToIntervene, match="recorded already"):
        record_outcome(**by(world.operator, approached), outcome=InterventionOutcome.LEFT)
    stored = Intervention.objects.get()
    assert (stored.outcome, stored.outcome_at is None) == ("recovered", False)
    [entry] = stored.entries.all()
    assert (entry.recorded_by, entry.reason) == (world.store_manager.id, SEEN)


def test_a_correction_supersedes_what_was_recorded_and_keeps_it(
    world: World, approached: Intervention
) -> None:
    first = record_outcome(
        **by(world.store_manager, approached), outcome=InterventionOutcome.RECOVERED
    )
    second = record_outcome(
        **by(world.lead, approached),
        outcome=InterventionOutcome.NOTHING_FOUND,
        instead_of=first.id,
    )
    assert Intervention.objects.get().outcome == "nothing_found"
    assert [one.outcome for one in approached.entries.all()] == ["recovered", "nothing_found"]
    assert second.supersedes_id == first.id
    with pytest.raises(UnableToIntervene, match="corrected meanwhile"):
        record_outcome(
            **by(world.operator, approached),
            outcome=InterventionOutcome.LEFT,
            instead_of=first.id,
        )
    assert "intervention:corrected" in events()


def test_a_complaint_comes_before_its_settlement(world: World, approached: Intervention) -> None:
    with pytest.raises(UnableToIntervene, match="record it first"):
        settle_complaint(**by(world.store_manager, approached), cost=Decimal(10))
    record_complaint(**by(world.store_manager, approached))
    settle_complaint(**by(world.store_manager, approached), cost=Decimal("349.50"))
    stored = Intervention.objects.get()
    assert (stored.settled_cost, stored.currency) == (Decimal("349.50"), world.tenant.currency)
    assert {"intervention:complaint_recorded", "intervention:complaint_settled"} <= set(events())


@pytest.mark.parametrize("cost", ["-1", "0.001", "99999999999"])
def test_a_cost_that_cannot_be_is_refused(
    world: World, approached: Intervention, cost: str
) -> None:
    record_complaint(**by(world.operator, approached))
    with pytest.raises(UnableToIntervene, match="cost"):
        settle_complaint(**by(world.operator, approached), cost=Decimal(cost))
    assert Intervention.objects.get().settled_at is None


def test_nothing_is_recorded_without_a_reason(world: World, approached: Intervention) -> None:
    without = by(world.operator, approached) | {"reason": "  .  "}
    with pytest.raises(UnableToIntervene, match="what was seen or said"):
        record_complaint(**without)
    assert not InterventionEntry.objects.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reviews_interventionentry SET cost = 1",
        "DELETE FROM reviews_interventionentry",
        "DELETE FROM reviews_intervention",
    ],
)
def test_the_database_refuses_to_rewrite_what_was_recorded(
    world: World, approached: Intervention, statement: str
) -> None:
    record_complaint(**by(world.operator, approached))
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def events() -> list[str]:
    return list(InboxEntry.objects.order_by("id").values_list("event", flat=True))


def test_people_without_the_permission_authorise_nothing(world: World, theft: Alert) -> None:
    with pytest.raises(UnableToIntervene, match="may not"):
        record_intervention(
            actor=sign_in(world.store_manager),
            user=world.store_manager,
            alert=theft,
            kind=InterventionKind.OBSERVE,
            now=timezone.now(),
        )
