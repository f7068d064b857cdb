"""The whole run of an alert on the real servers: database, Temporal, object store."""

from pathlib import Path

from django.conf import settings
from django.utils import timezone

from apps.accounts.models import Tenant, User
from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert, Assessment, Disposition
from apps.cases.models import Case
from apps.evidence.models import EvidenceItem
from apps.reviews.models import DecisionAttempt, HumanTask, ReviewItem
from apps.reviews.payload import DecisionPayload
from apps.triage.states import AlertState
from tests.reviews.conftest import FALSE_ALARM, THEFT, prepare, sign_in, submit, watch
from tests.workflows.conftest import CLIP, Crew, look, spool, start_of, wait_until
from tests.workflows.histories import history_of, keep, personal_words_in, replays
from tests.world import World, make_alert
from workflows import client
from workflows.activities import TaskQueue
from workflows.messages import RunStatus


def decide(
    world: World,
    alert: Alert,
    payload: DecisionPayload = FALSE_ALARM,
    *,
    person: User | None = None,
) -> DecisionAttempt:
    """Prepare and submit as a view does: one transaction each, the Update after the commit."""
    who = person or world.operator
    with tenant_scope(world.tenant.id):
        actor = sign_in(who)
        prepared = prepare(who, look(alert), payload, actor=actor)
    with tenant_scope(world.tenant.id):
        return submit(prepared, who, actor)


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
    history = history_of(alert)
    assert replays(history)
    assert personal_words_in(history) == []
    keep(history, name="false-alarm-without-clip")


def test_a_confirmed_theft_becomes_a_case_with_sealed_footage(crew: Crew, shop: World) -> None:
    for queue in TaskQueue:
        crew.start(queue)
    Tenant.objects.filter(id=shop.tenant.id).update(exhibit_retention_days=0.0002)
    with tenant_scope(shop.tenant.id):
        alert = make_alert(shop.camera)
        spool(alert, CLIP.read_bytes())
    client.start_triage(start_of(alert, clip_expected=True))
    wait_until(lambda: look(alert).state == AlertState.AWAITING_REVIEW)
    wait_until(lambda: look(alert).clip.blurred_key)
    clip = look(alert).clip
    assert clip.is_viewable
    assert clip.analysis_key
    assert clip.poster_key
    with tenant_scope(shop.tenant.id):
        watch(shop.operator, look(alert), (0, clip.duration_ms or 0))
    attempt = decide(shop, alert, THEFT)
    wait_until(lambda: client.describe(alert.id).status is RunStatus.COMPLETED)
    assert attempt_state(attempt) == "applied"
    with tenant_scope(shop.tenant.id):
        exhibit = Case.objects.get().exhibits.get()
        assert exhibit.item.sha256 == clip.sha256
        assert exhibit.item.retain_until is not None
        kinds = EvidenceItem.objects.filter(alert=alert).values_list("kind", flat=True)
        working = ["working"] * 3  # what was seen, the blurred copy, what moved the score
        assert sorted(kinds) == ["dossier", "master", "master", "still", *working]
    assert not list(Path(settings.CLIP_SPOOL).glob("*.clip"))
    history = history_of(alert)
    assert replays(history)
    assert personal_words_in(history) == []
    keep(history, name="theft-with-clip")


def test_an_alert_settled_with_another_ends_its_own_run(crew: Crew, shop: World) -> None:
    """Two alerts of one camera within seconds are one item: one decision, and both runs finish what follows."""
    crew.start(TaskQueue.TRIAGE)
    crew.start(TaskQueue.EXPORTS)
    with tenant_scope(shop.tenant.id):
        first, second = (make_alert(shop.camera, clip=False) for _ in range(2))
    for alert in (first, second):
        client.start_triage(start_of(alert))
    wait_until(lambda: {look(a).state for a in (first, second)} == {AlertState.AWAITING_REVIEW})
    with tenant_scope(shop.tenant.id):
        lead_id = ReviewItem.objects.get().lead_id
    lead, other = (first, second) if lead_id == first.id else (second, first)
    attempt = decide(shop, lead)
    wait_until(lambda: attempt_state(attempt) == "applied")
    assert look(other).state == AlertState.RESOLVED
    wait_until(lambda: client.describe(other.id).status is RunStatus.COMPLETED)
    with tenant_scope(shop.tenant.id):
        assert DecisionAttempt.objects.filter(alert=other).count() == 0
        assert EvidenceItem.objects.get(alert=other).kind == "dossier"
    history = history_of(other)
    assert replays(history)
    assert personal_words_in(history) == []
    keep(history, name="settled-with-another")
