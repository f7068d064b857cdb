"""The queue as rows: which alerts, in which order, and the words of each row."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import Exists, JSONField, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import JSONObject, Now
from django.utils.translation import gettext, gettext_noop, ngettext

from apps.accounts.models import User
from apps.alerts.models import Alert, Assessment, Disposition
from apps.alerts.stopped import BEFORE_ROUTING
from apps.console import counting
from apps.console.counting import count_each
from apps.console.forms import ME, NOBODY, TAB_STATES, QueueFilters, QueueTab
from apps.console.segment_words import SegmentWords, segment_words
from apps.reviews.item_queries import (
    behind_count,
    is_behind_another,
    leads_of,
    other_cameras_count,
)
from apps.reviews.models import HumanTask
from apps.sites.queries import at_sites_of, is_stopped
from apps.triage.phrasing import money
from apps.triage.probability import ProbabilityBasis
from apps.triage.reasons import not_known_yet
from apps.triage.states import AlertState, ClipState, Strategy, TaskState
from apps.triage.vocabulary import label_words

PAGE_ROWS = 50
_LABELS: Final = """
    WITH RECURSIVE known AS (
        (SELECT label FROM alerts_alert WHERE tenant_id = %(tenant)s ORDER BY label LIMIT 1)
        UNION ALL
        SELECT (
            SELECT label FROM alerts_alert
            WHERE tenant_id = %(tenant)s AND label > known.label ORDER BY label LIMIT 1
        ) FROM known WHERE known.label IS NOT NULL
    )
    SELECT label FROM known WHERE label IS NOT NULL LIMIT 100
"""
SEQUENCE_WORDS = {
    "complete": gettext_noop("complete sequence"),
    "incomplete": gettext_noop("incomplete sequence"),
    "isolated": gettext_noop("single step"),
    "unknown": gettext_noop("sequence not known"),
}


@dataclass(frozen=True, kw_only=True)
class QueueRow:
    """One alert as the queue shows it. Blind rows say what a verify row says, and no more."""

    alert: Alert
    observed: str
    sequence: str
    why: str
    segment: SegmentWords
    task: HumanTask | None
    disposition: Disposition | None
    has_still: bool
    has_left: bool = False
    behind: int = 0
    other_cameras: int = 0

    @property
    def is_blind(self) -> bool:
        return is_blind(self.alert)

    @property
    def also(self) -> str:
        """What else the row stands for, in words; "" for an alert on its own."""
        if self.other_cameras:
            return ngettext("+%(n)s camera", "+%(n)s cameras", self.other_cameras) % {
                "n": self.other_cameras
            }
        if not self.behind:
            return ""
        return ngettext("+%(n)s alert", "+%(n)s alerts", self.behind) % {"n": self.behind}

    @property
    def strategy(self) -> str:
        """What the row is marked with: the strategy, or that no rule fits and the model is to be looked at."""
        if self.is_blind:
            return Strategy.VERIFY
        is_model_review = self.alert.state == AlertState.MODEL_REVIEW
        return AlertState.MODEL_REVIEW if is_model_review else self.alert.strategy

    @property
    def is_model_review(self) -> bool:
        return self.strategy == AlertState.MODEL_REVIEW

    @property
    def reliability(self) -> str:
        """The pill's word; "" hides the pill."""
        return "" if self.is_blind or not self.alert.strategy else self.alert.reliability

    @property
    def assignee(self) -> User | None:
        return self.task.assignee if self.task else None


def is_blind(alert: Alert) -> bool:
    """Whether a person still has to judge this alert without the machine's verdict."""
    return alert.hides_proposal


def queue_alerts(user: User, filters: QueueFilters) -> QuerySet[Alert]:
    """The rows of the filters, in the queue's order: worth of a minute, or newest first. An item is one row."""
    alerts = _narrowed(user, filters).filter(state__in=TAB_STATES[filters.tab])
    order = (
        ["-priority", "due_at", "id"] if filters.tab is QueueTab.WAITING else ["-received_at", "id"]
    )
    return alerts.order_by(*order)


def with_rows(alerts: QuerySet[Alert]) -> QuerySet[Alert]:
    """Add what a row shows: one query more for each kind of thing, whatever the number of rows."""
    latest = Assessment.objects.filter(alert=OuterRef("pk")).order_by("-created_at")
    probability = KeyTransform("probability", KeyTransform("inputs", "record"))
    kept = {
        "sequence_state": KeyTextTransform("state", KeyTransform("sequence", "record")),
        "basis": KeyTextTransform("basis", probability),
        "label_count": KeyTextTransform("label_count", probability),
        "reliability": KeyTransform("reliability", KeyTransform("inputs", "record")),
    }
    open_tasks = HumanTask.objects.filter(state=TaskState.OPEN).select_related("assignee")
    standing = Disposition.objects.filter(superseded_by__isnull=True)
    return (
        alerts.select_related("site", "camera", "clip")
        .annotate(
            assessed=Subquery(
                latest.annotate(found=JSONObject(**kept)).values("found")[:1],
                output_field=JSONField(),
            ),
            is_held=is_stopped(tenant="tenant_id", site="site_id", camera="camera_id"),
            behind=behind_count(),
            other_cameras=other_cameras_count(),
        )
        .prefetch_related(
            Prefetch("tasks", queryset=open_tasks, to_attr="open_tasks"),
            Prefetch("dispositions", queryset=standing, to_attr="standing_dispositions"),
        )
    )


def rows_of(alerts: Iterable[Alert], *, currency: str, filters: QueueFilters) -> list[QueueRow]:
    """The rows of alerts read by `with_rows`; one that no longer belongs in the tab says so."""
    states = TAB_STATES[filters.tab]
    return [
        replace(_row(alert, currency=currency), has_left=alert.state not in states)
        for alert in alerts
    ]


def tab_counts(user: User, filters: QueueFilters) -> dict[QueueTab, int]:
    """How many rows each tab holds under the other filters, no further than `most_counted`: one query."""
    rows = _narrowed(user, filters)
    return count_each(
        {tab: rows.filter(state__in=states) for tab, states in TAB_STATES.items()},
        most={tab: most_counted(tab, filters) for tab in TAB_STATES},
    )


def most_counted(tab: QueueTab, filters: QueueFilters) -> int:
    """How far a tab is counted: as far as its pages go where it is open, the others at a glance."""
    if tab is filters.tab:
        return counting.COUNTED_AT_MOST
    return min(counting.AT_A_GLANCE, counting.COUNTED_AT_MOST)


class QueuePaginator(Paginator[Alert]):
    """Pages over rows that were counted already; what lies beyond COUNTED_AT_MOST is found by filters."""

    def __init__(self, alerts: QuerySet[Alert], *, counted: int) -> None:
        super().__init__(alerts, PAGE_ROWS)
        self._counted = min(counted, counting.COUNTED_AT_MOST)

    @property
    def count(self) -> int:
        return self._counted


def shown_alerts(page: Page[Alert]) -> list[Alert]:
    """The alerts of a page with what their rows show. Chosen first and read then: ordering carries ids alone."""
    chosen = cast(QuerySet[Alert], page.object_list)
    ids = list(chosen.values_list("pk", flat=True))
    found = {alert.pk: alert for alert in with_rows(Alert.objects.filter(pk__in=ids))}
    return [found[pk] for pk in ids if pk in found]


def labels_of(user: User) -> list[tuple[str, str]]:
    """The labels that occur among the tenant's alerts, with their words: from one label to the next by their index."""
    with connection.cursor() as cursor:
        cursor.execute(_LABELS, {"tenant": user.tenant_id})
        return [(label, label_words(label)) for (label,) in cursor.fetchall()]


def news_count(user: User, filters: QueueFilters, *, since: datetime) -> int:
    """How many alerts entered this part of the queue after `since`, no further than AT_A_GLANCE + 1."""
    alerts = queue_alerts(user, filters)
    if filters.tab is QueueTab.WAITING:
        tasks = HumanTask.objects.filter(tenant_id=user.tenant_id, opened_at__gt=since)
        found = alerts.filter(id__in=tasks.filter(state=TaskState.OPEN).values("alert_id"))
    else:
        found = alerts.filter(received_at__gt=since)
    return found.order_by()[: counting.AT_A_GLANCE + 1].count()


def _narrowed(user: User, filters: QueueFilters) -> QuerySet[Alert]:
    alerts = Alert.objects.filter(at_sites_of(user))
    if filters.site_id:
        alerts = alerts.filter(site_id=filters.site_id)
    rows = alerts.exclude(is_behind_another())
    fitting = _fitting(user, filters)
    if not fitting:
        return rows
    return rows.filter(fitting | Q(id__in=leads_of(alerts.filter(fitting))))


def _fitting(user: User, filters: QueueFilters) -> Q:
    """What the filters ask of an alert; an item is found by any of its alerts."""
    asked = Q()
    if filters.strategy:
        asked &= _looks_like(filters.strategy)
    if filters.label:
        asked &= Q(label=filters.label)
    if filters.assignee:
        asked &= _with(user, filters.assignee)
    if filters.older:
        asked &= Q(received_at__lt=Now() - timedelta(minutes=filters.older))
    return asked


def _with(user: User, assignee: str) -> Q:
    tasks = HumanTask.objects.filter(alert=OuterRef("pk"), state=TaskState.OPEN)
    if assignee == NOBODY:
        return Q(Exists(tasks.filter(assignee__isnull=True)))
    person = user.id if assignee == ME else UUID(assignee)
    return Q(Exists(tasks.filter(assignee=person)))


def _looks_like(strategy: str) -> Q:
    """Blind rows are found under verify, as they look, not under what the machine concluded."""
    blind = Q(sampled_blind=True, state__in=TAB_STATES[QueueTab.WAITING])
    if strategy == Strategy.VERIFY:
        return blind | Q(strategy=strategy)
    return Q(strategy=strategy) & ~blind


def _row(alert: Alert, *, currency: str) -> QueueRow:
    tasks: list[HumanTask] = getattr(alert, "open_tasks", [])
    dispositions: list[Disposition] = getattr(alert, "standing_dispositions", [])
    assessed: dict[str, Any] = getattr(alert, "assessed", None) or {}
    blind = is_blind(alert)
    sequence = SEQUENCE_WORDS.get(assessed.get("sequence_state", ""), "")
    return QueueRow(
        alert=alert,
        observed=label_words(alert.label),
        sequence="" if blind or not sequence else gettext(sequence),
        why=_why(alert, assessed, currency=currency),
        segment=segment_words(assessed.get("reliability")),
        task=tasks[0] if tasks else None,
        disposition=dispositions[0] if dispositions else None,
        has_still=bool(_clip_poster(alert)),
        behind=getattr(alert, "behind", 0),
        other_cameras=getattr(alert, "other_cameras", 0),
    )


def _clip_poster(alert: Alert) -> str:
    return alert.clip.poster_key if hasattr(alert, "clip") else ""


def _why(alert: Alert, assessed: dict[str, Any], *, currency: str) -> str:
    """Why the row stands where it stands, in one line."""
    if alert.state in BEFORE_ROUTING and getattr(alert, "is_held", False):
        return gettext("Held by STOP until a person lets the machine go on")
    if alert.failed_step:
        step = alert.failed_step.replace("_", " ")
        reason = gettext(alert.failed_reason or gettext_noop("no reason given"))
        return gettext("%(step)s failed: %(reason)s") % {"step": step, "reason": reason}
    if hasattr(alert, "clip") and alert.clip.state == ClipState.PENDING:
        return gettext("Clip pending")
    if is_blind(alert) or not alert.is_waiting or not assessed:
        return gettext(alert.stage) if alert.stage else ""
    if assessed["basis"] == ProbabilityBasis.CALIBRATED:
        amount = money(alert.priority, currency=currency)
        return gettext("%(amount)s expected loss avoided / min") % {"amount": amount}
    return gettext("Expected loss avoided / min %(why)s") % {
        "why": not_known_yet(int(assessed["label_count"]))
    }
