"""The state tables of apps/triage/states.py hold in the database, whatever code asks."""

import itertools

import pytest
from django.db import IntegrityError, connection, transaction

from apps.alerts.models import Alert, Clip, OutboxEntry
from apps.cases.models import Case, CaseFile
from apps.evidence.models import EvidenceItem, Hold, RetentionRules
from apps.notifications.models import NotificationMail
from apps.oversight.models import RecordsExport, SystemIncident
from apps.reports.models import Report
from apps.reviews.models import DecisionAttempt, HumanTask
from apps.sites.models import Stop
from apps.subject_requests.models import SubjectRequest
from apps.triage import states
from apps.watchlists.models import SightingLead, WatchlistEntry
from apps.webhooks.models import Webhook, WebhookDelivery
from tests.world import World, make_alert, write_assessment

GUARDED = {
    "alert": Alert,
    "clip": Clip,
    "human task": HumanTask,
    "decision attempt": DecisionAttempt,
    "case": Case,
    "outbox entry": OutboxEntry,
    "watchlist entry": WatchlistEntry,
    "sighting lead": SightingLead,
    "case file": CaseFile,
    "report": Report,
    "stop": Stop,
    "system incident": SystemIncident,
    "records export": RecordsExport,
    "subject request": SubjectRequest,
    "evidence item": EvidenceItem,
    "hold": Hold,
    "retention rules": RetentionRules,
    "webhook": Webhook,
    "webhook delivery": WebhookDelivery,
    "notification mail": NotificationMail,
}
APPEND_ONLY = [
    "accounts_trainingrecord",
    "accounts_trainingrevocation",
    "alerts_assessment",
    "alerts_disposition",
    "reviews_confirmation",
    "reviews_playback",
    "watchlists_legalgate",
    "watchlists_entryconfirmation",
    "evidence_custodyevent",
    "cases_exhibit",
    "cases_incident",
    "reports_reportversion",
    "oversight_systemcardversion",
    "oversight_riskregisterversion",
    "oversight_notice",
    "reports_reportsignature",
    "subject_requests_requesthold",
]


def test_every_machine_guards_a_table(world: World) -> None:
    assert {machine.name for machine in states.MACHINES} == set(GUARDED)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgname LIKE '%_guard' AND tgenabled = 'A'"
        )
        guards = {name for (name,) in cursor.fetchall()}
    assert {f"{model._meta.db_table}_state_guard" for model in GUARDED.values()} <= guards


@pytest.mark.parametrize(("old", "new"), [*itertools.product(states.AlertState, repeat=2)])
def test_an_alert_moves_along_its_table_only(world: World, old: str, new: str) -> None:
    alert = make_alert(world.camera)
    write_assessment(alert)
    for step in _way_to(states.ALERT, old):
        Alert.objects.filter(id=alert.id).update(state=step)
    allowed = old == new or states.ALERT.allows(old, new)
    if allowed:
        assert Alert.objects.filter(id=alert.id).update(state=new) == 1
        return
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.filter(id=alert.id).update(state=new)


def test_an_alert_cannot_be_born_resolved(world: World) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_alert(world.camera, state="resolved")


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET tenant_id = tenant_id", "DELETE FROM {}", "TRUNCATE {}"]
)
@pytest.mark.django_db
def test_what_is_written_once_stays(owner_connection: object, table: str, statement: str) -> None:
    """Without a world: the owner's TRUNCATE would wait for the test's own transaction over it."""
    with pytest.raises(Exception, match="permission denied") as refusal, transaction.atomic():
        connection.cursor().execute(statement.format(table))
    assert refusal.value is not None
    with pytest.raises(Exception, match=r"only grows|referenced"):
        owner_connection.execute(statement.format(table))  # type: ignore[attr-defined]


def test_an_alert_is_never_deleted(world: World) -> None:
    alert = make_alert(world.camera, clip=False)
    with pytest.raises(Exception, match="permission denied"), transaction.atomic():
        connection.cursor().execute("DELETE FROM alerts_alert WHERE id = %s", [alert.id])


def _way_to(machine: states.Machine, state: str) -> list[str]:
    """The shortest way from an initial state, without it."""
    ways = {start: [] for start in machine.initial}
    while state not in ways:
        for known, way in list(ways.items()):
            for after in machine.transitions[known]:
                ways.setdefault(after, [*way, after])
    return ways[state]
