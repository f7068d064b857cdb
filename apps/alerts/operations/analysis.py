"""What the workflow writes about an alert: begun, assessed, routed, a step failed. All idempotent.

Call inside the alert's tenant scope. Every state change is a guarded update that counts `version`,
in one transaction with its audit event.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import F

from apps.accounts.live import publish_live
from apps.alerts.models import Alert, Assessment
from apps.alerts.operations.clips import OUTBOX_CHANNEL
from apps.alerts.queries import clip_of
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.triage.states import ALERT, AlertState, Strategy

MODEL_REVIEW = "model_review"
_AFTER_ANALYSIS = {
    AlertState.AWAITING_REVIEW,
    AlertState.ARCHIVED,
    AlertState.MODEL_REVIEW,
    AlertState.RESOLVED,
}
_RANKED_AT_MOST = 1_000
_RELIABILITY_WORDS = {"green", "amber", "red", "unknown"}


class UnableToRoute(Exception):
    """Somebody else moved the alert first."""


@dataclass(frozen=True, kw_only=True)
class ClipFacts:
    """Where an alert's footage is, as the acquiring activity needs it."""

    state: str
    delivery: str
    original_name: str
    spool_name: str
    master_key: str
    size_bytes: int | None
    sha256: str
    container: str


@dataclass(frozen=True, kw_only=True)
class AlertFacts:
    """An alert as its analysis needs it. `clip` is None when it was raised without footage.

    `alert` is the row itself, for the operations that follow in the same transaction.
    """

    alert: Alert
    alert_id: UUID
    tenant_id: UUID
    site_id: UUID
    camera_id: UUID
    site_timezone: str
    detector_id: str
    detector_version: str
    label: str
    score: float | None
    signals: tuple[Mapping[str, object], ...]
    camera_at: datetime
    received_at: datetime
    is_drill: bool
    state: str
    version: int
    review_sla_seconds: int
    clip_wait_seconds: int
    blind_audit_share: float
    currency: str
    clip: ClipFacts | None


def begin_analysis(*, alert_id: UUID, now: datetime) -> AlertFacts:
    """received → analysing; an alert that is further on stays where it is."""
    alert = Alert.objects.select_related("tenant", "site", "clip").get(id=alert_id)
    if alert.state == AlertState.RECEIVED:
        _move(alert, to=AlertState.ANALYSING, event=Event.ALERT_ANALYSING, stage="Analysing")
    return _facts(alert)


def note_step(
    *, alert_id: UUID, stage: str, now: datetime, failed_step: str = "", failed_reason: str = ""
) -> None:
    """Say what the workflow is doing; with `failed_step` say that it failed and why, in words.

    Noting another stage without a failure clears an earlier one.
    """
    alert = Alert.objects.get(id=alert_id)
    if (alert.stage, alert.failed_step, alert.failed_reason) == (stage, failed_step, failed_reason):
        return
    failed_at = (alert.failed_at or now) if failed_step else None
    Alert.objects.filter(id=alert_id).update(
        stage=stage, failed_step=failed_step, failed_reason=failed_reason, failed_at=failed_at
    )
    if failed_step != alert.failed_step:
        record(
            actor=Actor.system(alert.tenant_id),
            event=Event.ALERT_STEP_FAILED if failed_step else Event.ALERT_STEP_RECOVERED,
            subject=Subject("alert", alert_id),
            before={"step": alert.failed_step},
            after={"step": failed_step},
            details={"step": failed_step or alert.failed_step},
        )
    _tell(alert)


def record_assessment(
    *,
    alert: Alert,
    record_json: Mapping[str, object],
    digest: str,
    outcome: str,
    reason_codes: Sequence[str],
    priority: float,
    now: datetime,
) -> Assessment:
    """Store the canonical record and chain its digest. The same digest again is the same row.

    An alert in analysis has no assessment yet (it gets one in the transaction that routes it), and `route` writes
    its priority and reliability.
    """
    if alert.state != AlertState.ANALYSING:
        found = Assessment.objects.filter(alert=alert, digest=digest).first()
        if found is not None:
            return found
    assessment = Assessment(
        tenant_id=alert.tenant_id,
        alert=alert,
        record=record_json,
        digest=digest,
        outcome=outcome,
        reason_codes=list(reason_codes),
        created_at=now,
    )
    assessment.save(force_insert=True)
    if not alert.hides_proposal:  # its drawn place in the queue stays: its own would tell
        alert.priority = priority
    alert.reliability = _reliability(record_json)
    if alert.state != AlertState.ANALYSING:
        alert.save(update_fields=["priority", "reliability"])
    record(
        actor=Actor.system(alert.tenant_id),
        event=Event.ALERT_RECORD_CHAINED,
        subject=Subject("alert", alert.id),
        after={"digest": digest},
        details={"digest": digest, "outcome": outcome},
    )
    return assessment


def route(
    *,
    alert: Alert,
    outcome: str,
    sampled_blind: bool,
    sampling_probability: float,
    due_at: datetime | None,
    now: datetime,
    rank: float | None = None,
) -> str:
    """Send an assessed alert on its way and return its state.

    escalate and verify → awaiting_review; model_review → model_review; archive → archived, and from
    there to a person when `sampled_blind`. What is `sampled_blind` is judged before the proposal is
    shown and stands at `rank` (0 first, below 1) of what waits, because its own place would tell.
    Raises UnableToRoute; the database refuses an alert that has no assessment (IntegrityError).
    """
    if alert.state in _AFTER_ANALYSIS:
        return alert.state
    fields = {
        "priority": alert.priority if rank is None else _priority_at(alert, rank),
        "reliability": alert.reliability,
        "strategy": "" if outcome == MODEL_REVIEW else Strategy(outcome).value,
        "sampled_blind": sampled_blind,
        "sampling_probability": sampling_probability,
        "due_at": due_at,
        "failed_step": "",
        "failed_reason": "",
        "failed_at": None,
    }
    if outcome == MODEL_REVIEW:
        _move(alert, to=AlertState.MODEL_REVIEW, event=Event.ALERT_MODEL_REVIEW, **fields)
    elif outcome == Strategy.ARCHIVE:
        _archive(alert, sampled_blind=sampled_blind, fields=fields)
    else:
        _move(alert, to=AlertState.AWAITING_REVIEW, event=Event.ALERT_ROUTED, **fields)
    _free_a_place()
    return alert.state


def _priority_at(alert: Alert, rank: float) -> float:
    """The priority of the waiting alert at this rank: a new one stands just behind it. Its own in an empty queue."""
    waiting = Alert.objects.filter(tenant_id=alert.tenant_id, state=AlertState.AWAITING_REVIEW)
    ordered = waiting.order_by("-priority").values_list("priority", flat=True)
    priorities = list(ordered[:_RANKED_AT_MOST])
    return priorities[int(rank * len(priorities))] if priorities else alert.priority


def _archive(alert: Alert, *, sampled_blind: bool, fields: Mapping[str, object]) -> None:
    _move(alert, to=AlertState.ARCHIVED, event=Event.ALERT_ARCHIVED, **fields)
    if sampled_blind:
        _move(alert, to=AlertState.AWAITING_REVIEW, event=Event.ALERT_AUDIT_SAMPLED)


def _move(alert: Alert, *, to: AlertState, event: Event, **fields: object) -> None:
    """One arrow of the table, guarded by the state and version read before; updates `alert`."""
    before = alert.state
    ALERT.require(before, to)
    fields.setdefault("stage", to.value.replace("_", " ").capitalize())
    moved = Alert.objects.filter(id=alert.id, state=before, version=alert.version).update(
        state=to, version=F("version") + 1, **fields
    )
    if moved != 1:
        raise UnableToRoute(f"alert {alert.id} was moved by somebody else meanwhile")
    alert.state, alert.version = to, alert.version + 1
    for name, value in fields.items():
        setattr(alert, name, value)
    record(
        actor=Actor.system(alert.tenant_id),
        event=event,
        subject=Subject("alert", alert.id),
        before={"state": before},
        after={"state": to, "strategy": alert.strategy, "due_at": alert.due_at},
        details={"from": before, "to": to},
    )
    _tell(alert)


def _facts(alert: Alert) -> AlertFacts:
    tenant = alert.tenant
    return AlertFacts(
        alert=alert,
        alert_id=alert.id,
        tenant_id=tenant.id,
        site_id=alert.site_id,
        camera_id=alert.camera_id,
        site_timezone=alert.site.timezone,
        detector_id=alert.detector_id,
        detector_version=alert.detector_version,
        label=alert.label,
        score=alert.score,
        signals=tuple(alert.signals),
        camera_at=alert.camera_at,
        received_at=alert.received_at,
        is_drill=alert.is_drill,
        state=alert.state,
        version=alert.version,
        review_sla_seconds=tenant.review_sla_seconds,
        clip_wait_seconds=tenant.clip_wait_seconds,
        blind_audit_share=tenant.blind_audit_share,
        currency=tenant.currency,
        clip=_clip_facts(alert),
    )


def _clip_facts(alert: Alert) -> ClipFacts | None:
    clip = clip_of(alert)
    if clip is None:
        return None
    return ClipFacts(
        state=clip.state,
        delivery=clip.delivery,
        original_name=clip.original_name,
        spool_name=clip.spool_name,
        master_key=clip.master_key,
        size_bytes=clip.size_bytes,
        sha256=clip.sha256,
        container=clip.container,
    )


def _reliability(record_json: Mapping[str, object]) -> str:
    """The segment's state as the record states it; "unknown" when it states none."""
    inputs = record_json.get("inputs")
    segment = inputs.get("reliability") if isinstance(inputs, Mapping) else None
    word = segment.get("state") if isinstance(segment, Mapping) else None
    return word if isinstance(word, str) and word in _RELIABILITY_WORDS else "unknown"


def _tell(alert: Alert) -> None:
    publish_live(
        tenant_id=alert.tenant_id, topic="alert", subject_id=alert.id, site_id=alert.site_id
    )


def _free_a_place() -> None:
    """Let the sweeper know at commit that one alert fewer is being analysed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [OUTBOX_CHANNEL])
