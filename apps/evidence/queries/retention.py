"""What is known of each thing that retention looks at, and how it stands under the tenant's periods."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert, Disposition
from apps.audit.events import Event, Subject
from apps.audit.queries import events_of
from apps.evidence.models import EvidenceItem, EvidenceKind, Hold, HoldKind, RetentionRules
from apps.evidence.queries.holds import words_of
from apps.evidence.retention_rules import (
    DEFAULT_RULES,
    Category,
    Facts,
    Rules,
    Standing,
    standing,
)
from apps.sites.models import Recording
from apps.triage.states import (
    AlertState,
    CaseState,
    EvidenceState,
    HoldState,
    RetentionState,
    Verdict,
)

BATCH = 500
ITEM = "evidence_item"
RECORDING = "recording"
_PENDING = (HoldKind.REQUEST, HoldKind.CORRECTION)
_CLOCK_MARGIN = timedelta(hours=1)
_WORKING = {"before": Category.BEFORE_CLIP, "saliency": Category.EXPLANATION}
_DERIVED = (EvidenceKind.WORKING, EvidenceKind.STILL)


@dataclass(frozen=True, kw_only=True)
class AlertFacts:
    """What an alert says about all its files."""

    alert_id: UUID
    state: str
    received_at: datetime
    resolved_at: datetime | None
    is_theft: bool
    case_id: UUID | None
    case_state: str
    case_closed_at: datetime | None
    legal_holds: tuple[str, ...]
    pending: tuple[str, ...]

    @property
    def undecided(self) -> str:
        """Why its files wait for a decision, in words; "" when there is one."""
        if self.state not in (AlertState.ARCHIVED, AlertState.RESOLVED):
            return gettext("Alert %(reference)s has not been decided.") % {
                "reference": _reference("A", self.alert_id)
            }
        if self.is_theft and self.case_id is None:
            return gettext("Alert %(reference)s is a confirmed theft without a case yet.") % {
                "reference": _reference("A", self.alert_id)
            }
        return ""

    @property
    def open_case(self) -> str:
        if self.case_id is None or self.case_state == CaseState.CLOSED:
            return ""
        return gettext("Case %(reference)s is %(state)s.") % {
            "reference": _reference("C", self.case_id),
            "state": gettext(self.case_state.replace("_", " ")),
        }

    @property
    def footage(self) -> Category:
        if self.case_id is not None or self.is_theft:
            return Category.EXHIBIT
        if self.state == AlertState.ARCHIVED:
            return Category.CLIP_ARCHIVED
        return Category.CLIP_RESOLVED

    @property
    def began_at(self) -> datetime | None:
        """From when the periods of its footage and working copies count."""
        if self.case_id is not None:
            return self.case_closed_at
        return self.resolved_at or self.received_at


def active_rules(tenant_id: UUID) -> Rules:
    """The periods in force; the defaults (version 0) until a person has activated others."""
    found = RetentionRules.objects.filter(tenant_id=tenant_id, state=RetentionState.ACTIVE).first()
    return rules_of(found) if found else DEFAULT_RULES


def rules_of(version: RetentionRules) -> Rules:
    """A stored version as a value."""
    days = {Category(row.category): row.days for row in version.periods.all()}
    return Rules(number=version.number, days=days)


def standing_of(item: EvidenceItem) -> Standing:
    """How one file stands now."""
    return standings([item], rules=active_rules(item.tenant_id))[item.id]


def standings(items: Iterable[EvidenceItem], *, rules: Rules) -> dict[UUID, Standing]:
    """How files stand, by id: a bounded number of queries however many they are."""
    rows = list(items)
    alerts = alert_facts({item.alert_id for item in rows})
    own = _own_holds([item.id for item in rows])
    return {
        item.id: standing(facts_of(item, alerts[item.alert_id], own), rules=rules) for item in rows
    }


def facts_of(item: EvidenceItem, alert: AlertFacts, own: Mapping[UUID, tuple[Hold, ...]]) -> Facts:
    """The facts of one file: its own and its alert's."""
    legal, pending = _split(own.get(item.id, ()))
    category = category_of(item, alert)
    return Facts(
        category=category,
        began_at=item.acquired_at if category is Category.DOSSIER else alert.began_at,
        made_from=alert.footage if item.kind in _DERIVED else None,
        legal_holds=(*legal, *alert.legal_holds),
        undecided=alert.undecided,
        open_case=alert.open_case,
        locked_until=item.retain_until,
        pending=(*pending, *alert.pending),
    )


def category_of(item: EvidenceItem, alert: AlertFacts) -> Category:
    """Under which period a file falls."""
    if item.kind == EvidenceKind.MASTER:
        return alert.footage
    if item.kind == EvidenceKind.DOSSIER:
        return Category.DOSSIER
    if item.kind == EvidenceKind.REPORT:
        return Category.CASE_PAPER
    begins = item.key.rpartition("/")[2].partition("-")[0]
    if item.kind == EvidenceKind.STILL:
        return Category.EXPLANATION if begins == "invariance" else Category.STILL
    return _WORKING.get(begins, Category.WORKING_COPY)


def alert_facts(alert_ids: Iterable[UUID]) -> dict[UUID, AlertFacts]:
    """What alerts say about their files, by id. Inside the tenant's scope."""
    rows = list(
        Alert.objects.filter(id__in=set(alert_ids)).values(
            *("id", "tenant_id", "state", "received_at", "resolved_at"),
            *("incident__case_id", "incident__case__state"),
        )
    )
    thefts = _confirmed_thefts([row["id"] for row in rows])
    holds = _alert_holds(rows)
    closed = {
        row["incident__case_id"]: row["tenant_id"]
        for row in rows
        if row["incident__case__state"] == CaseState.CLOSED
    }
    closings = {case: _closed_at(tenant, case) for case, tenant in closed.items()}
    found = {}
    for row in rows:
        legal, pending = _split(holds[row["id"]])
        found[row["id"]] = AlertFacts(
            alert_id=row["id"],
            state=row["state"],
            received_at=row["received_at"],
            resolved_at=row["resolved_at"],
            is_theft=row["id"] in thefts,
            case_id=row["incident__case_id"],
            case_state=row["incident__case__state"] or "",
            case_closed_at=closings.get(row["incident__case_id"]),
            legal_holds=legal,
            pending=pending,
        )
    return found


@dataclass(frozen=True, kw_only=True)
class Thing:
    """One file or recording as retention sees it."""

    kind: str
    id: UUID
    alert_id: UUID | None
    key: str
    bucket: str
    size_bytes: int
    state: str
    standing: Standing

    @property
    def reference(self) -> str:
        return _reference("E" if self.kind == ITEM else "V", self.id)


def things(tenant_id: UUID, *, rules: Rules) -> Iterator[Thing]:
    """Everything of a tenant that has a period: files oldest first, then recordings. Opens its own scopes, a batch each."""
    yield from _items(tenant_id, rules)
    yield from _recordings(tenant_id, rules)


def _items(tenant_id: UUID, rules: Rules) -> Iterator[Thing]:
    after = Q()
    while True:
        with tenant_scope(tenant_id):
            rows = EvidenceItem.objects.filter(after, tenant_id=tenant_id)
            rows = rows.exclude(state=EvidenceState.DELETED).order_by("acquired_at", "id")
            batch = list(rows[:BATCH])
            found = standings(batch, rules=rules)
        yield from (_thing_of(item, found[item.id]) for item in batch)
        if len(batch) < BATCH:
            return
        last = batch[-1]
        after = Q(acquired_at__gt=last.acquired_at) | Q(
            acquired_at=last.acquired_at, id__gt=last.id
        )


def _thing_of(item: EvidenceItem, found: Standing) -> Thing:
    return Thing(
        kind=ITEM,
        id=item.id,
        alert_id=item.alert_id,
        key=item.key,
        bucket=item.bucket,
        size_bytes=item.size_bytes,
        state=item.state,
        standing=found,
    )


def _recordings(tenant_id: UUID, rules: Rules) -> Iterator[Thing]:
    after = Q()
    while True:
        with tenant_scope(tenant_id):
            rows = Recording.objects.filter(after, tenant_id=tenant_id).order_by("id")
            found = list(recording_standings(rows[:BATCH], rules=rules))
        for recording, how in found:
            yield Thing(
                kind=RECORDING,
                id=recording.id,
                alert_id=None,
                key=recording.key,
                bucket=settings.S3_MEDIA_BUCKET,
                size_bytes=recording.size_bytes,
                state=EvidenceState.KEPT,
                standing=how,
            )
        if len(found) < BATCH:
            return
        after = Q(id__gt=found[-1][0].id)


def recording_standings(
    recordings: Iterable[Recording], *, rules: Rules
) -> Iterator[tuple[Recording, Standing]]:
    """How recordings stand: alerts of their camera and time keep them while undecided, held or in an open case."""
    for recording in recordings:
        over = Alert.objects.filter(
            camera_id=recording.camera_id,
            camera_at__gte=recording.starts_at - _CLOCK_MARGIN,
            camera_at__lte=recording.ends_at + _CLOCK_MARGIN,
        )
        alerts = alert_facts(over.values_list("id", flat=True)).values()
        facts = Facts(
            category=Category.RECORDING,
            began_at=recording.ends_at,
            legal_holds=tuple(words for alert in alerts for words in alert.legal_holds),
            undecided=next((alert.undecided for alert in alerts if alert.undecided), ""),
            open_case=next((alert.open_case for alert in alerts if alert.open_case), ""),
            pending=tuple(words for alert in alerts for words in alert.pending),
        )
        yield recording, standing(facts, rules=rules)


def _confirmed_thefts(alert_ids: list[UUID]) -> set[UUID]:
    standing_ones = Disposition.objects.filter(
        alert_id__in=alert_ids, superseded_by__isnull=True, verdict=Verdict.THEFT_CONFIRMED
    )
    return set(standing_ones.values_list("alert_id", flat=True))


def _own_holds(item_ids: list[UUID]) -> dict[UUID, tuple[Hold, ...]]:
    found: dict[UUID, tuple[Hold, ...]] = {}
    for hold in Hold.objects.filter(item_id__in=item_ids, state=HoldState.IN_FORCE):
        assert hold.item_id is not None
        found[hold.item_id] = (*found.get(hold.item_id, ()), hold)
    return found


def _alert_holds(rows: list[dict[str, UUID]]) -> dict[UUID, list[Hold]]:
    cases = {row["incident__case_id"] for row in rows} - {None}
    ids = [row["id"] for row in rows]
    over = Q(alert_id__in=ids) | Q(case_id__in=cases) | Q(alert_ids__overlap=ids)
    holds = list(Hold.objects.filter(over, state=HoldState.IN_FORCE))
    return {
        row["id"]: [
            hold
            for hold in holds
            if row["id"] in (hold.alert_id, *hold.alert_ids)
            or (hold.case_id is not None and hold.case_id == row["incident__case_id"])
        ]
        for row in rows
    }


def _split(holds: Iterable[Hold]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Holds that go before everything, and those that wait for an answer, in words."""
    legal: list[str] = []
    pending: list[str] = []
    for hold in holds:
        (pending if hold.kind in _PENDING else legal).append(words_of(hold))
    return tuple(legal), tuple(pending)


def _closed_at(tenant_id: UUID, case_id: UUID) -> datetime | None:
    """When a case was closed last, as the chain tells it; None where it does not."""
    told = events_of(tenant_id=tenant_id, subjects=[Subject("case", case_id)])
    moments = [
        event.occurred_at
        for event in told
        if event.event == Event.CASE_STATE_CHANGED and event.details.get("to") == CaseState.CLOSED
    ]
    return max(moments, default=None)


def _reference(letter: str, id_: UUID) -> str:
    return f"{letter}-{id_.hex[:8].upper()}"
