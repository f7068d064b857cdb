"""The whole run of an alert on the real servers: database, Temporal, object store."""

import pytest
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert, Assessment, Disposition
from apps.evidence.models import EvidenceItem
from apps.reviews.models import DecisionAttempt, HumanTask
from apps.triage.states import AlertState
from tests.reviews.conftest import prepare, sign_in, submit
from tests.workflows.conftest import Crew, look, start_of, wait_until
from tests.world import World, make_alert
from workflows import client
from workflows.activities import TaskQueue
from workflows.messages import RunStatus


def decide(world: World, alert: Alert) -> DecisionAttempt:
    """Prepare and submit a false alarm, as a view does: one transaction each, the Update after the commit."""
    with tenant_scope(world.tenant.id):
        actor = sign_in(world.operator)
        prepared = prepare(world.operator, look(alert), actor=actor)
    with tenant_scope(world.tenant.id):
        return submit(prepared, world.operator, actor)


def attempt_state(attempt: DecisionAttempt) -> str:
    with tenant_scope(attempt.tenant_id):
        return DecisionAttempt.objects.get(id=attempt.id).state


def test_an_alert_without_a_clip_reaches_a_person_and_their_decision_ends_it(
    crew: Crew, shop: World
) -> None:
    crew.start(TaskQueue.TRIAGE)
    crew.start(TaskQueue.EXPORTS)
    with tenant_scope(shop.tenant.id):
        alert = make_alert(shop.camera, clip=False)
    assert client.start_triage(start_of(alert))
    wait_until(lambda: look(alert).state == AlertState.AWAITING_REVIEW)
    with tenant_scope(shop.tenant.id):
        assert Assessment.objects.filter(alert=alert).count() == 1
        assert HumanTask.objects.get(alert=alert).due_at > timezone.now()
    attempt = decide(shop, alert)
    wait_until(lambda: attempt_state(attempt) == "applied")
    assert look(alert).state == AlertState.RESOLVED
    wait_until(lambda: client.describe(alert.id).status is RunStatus.COMPLETED)
    with tenant_scope(shop.tenant.id):
        assert Disposition.objects.get(alert=alert).verdict == "false_alarm"
        assert EvidenceItem.objects.get(alert=alert).kind == "dossier"
    assert client.start_triage(start_of(alert))
    assert client.describe(alert.id).status is RunStatus.COMPLETED
