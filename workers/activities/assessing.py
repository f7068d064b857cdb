"""Assess an alert and send it on its way: one transaction from analysing to a person, or to the archive."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert, Clip
from apps.alerts.operations.analysis import (
    AlertFacts,
    begin_analysis,
    note_step,
    record_assessment,
    route,
)
from apps.reliability.queries import active_cost_model
from apps.reviews.models import HumanTask, TaskKind
from apps.reviews.operations import open_task
from apps.reviews.queries import open_task_of, standing_disposition
from apps.storage.store import media_store
from apps.storage.streams import CHUNK_BYTES
from apps.triage.assessment import AssessmentInputs, AssessmentRecord, assess, record_json
from apps.triage.decision import DEFAULT_TRIAGE_POLICY, TriagePolicy
from apps.triage.fairness import not_assessable
from apps.triage.probability import UNIFORM_PRIOR
from apps.triage.routing import Routing
from apps.triage.routing import route as destination_of
from apps.triage.segments import Segment, unknown_reliability
from apps.triage.sequence import DEFAULT_POLICIES, policy_for
from apps.triage.signals import MOST_SIGNALS, Origin, Signal, read_signals
from apps.triage.states import AlertState, Verdict
from workflows.activities import ASSESS_AND_ROUTE
from workflows.messages import Assess, Standing

NO_RESCORING: Final = (
    "This detector cannot be asked to score changed frames, so it is not known whether its score "
    "depends on appearance."
)
# Labels must stay unbiased: a tenant may make the blind audit rare, not switch it off.
LEAST_AUDIT_SHARE: Final = 0.001
_DAYPARTS: Final = (
    (6, "night"),
    (12, "morning"),
    (18, "afternoon"),
    (22, "evening"),
    (24, "night"),
)
_READ_FIELDS: Final = ("name", "value", "confidence", "start_seconds", "end_seconds")


@ASSESS_AND_ROUTE.implemented_by
def assess_and_route(message: Assess) -> Standing:
    """Where the alert stands afterwards. One that left analysis before is not moved, and assessed anew only if asked."""
    tenant_id, alert_id = UUID(message.tenant_id), UUID(message.alert_id)
    clip = _clip(tenant_id, alert_id) if message.with_clip else None
    analysis = _analysis(clip)
    with tenant_scope(tenant_id):
        now = timezone.now()
        facts = begin_analysis(alert_id=alert_id, now=now)
        viewable = clip is not None and clip.is_viewable
        if facts.state == AlertState.ANALYSING:
            record = _assess(facts, analysis=analysis, viewable=viewable, now=now)
            return _route(facts, record, now=now)
        if message.again and facts.state in (AlertState.AWAITING_REVIEW, AlertState.MODEL_REVIEW):
            _assess(facts, analysis=analysis, viewable=viewable, now=now)
        return _standing(alert_id, now=now)


def _assess(
    facts: AlertFacts, *, analysis: Mapping[str, Any], viewable: bool, now: datetime
) -> AssessmentRecord:
    record = assess(inputs=_inputs(facts, analysis=analysis, viewable=viewable))
    record_assessment(
        alert=facts.alert,
        record_json=record_json(record),
        digest=record.digest,
        outcome=record.decision.outcome.value,
        reason_codes=[code.value for code in record.decision.reason_codes],
        priority=record.decision.loss_avoided_per_minute,
        now=now,
    )
    return record


def _inputs(facts: AlertFacts, *, analysis: Mapping[str, Any], viewable: bool) -> AssessmentInputs:
    _, cost_model = active_cost_model(facts.tenant_id, currency=facts.currency)
    return AssessmentInputs(
        alert_id=str(facts.alert_id),
        label=facts.label,
        detector_id=facts.detector_id,
        detector_version=facts.detector_version,
        score=facts.score,
        signals=_signals(facts, analysis),
        sequence_policy=policy_for(facts.label, policies=DEFAULT_POLICIES),
        probability=UNIFORM_PRIOR.probability(),
        reliability=unknown_reliability(segment=_segment(facts, analysis)),
        fairness=not_assessable(reason=NO_RESCORING),
        has_viewable_clip=viewable,
        cost_model=cost_model,
        policy=_policy(facts.blind_audit_share),
        model_digests={model["id"]: model["sha256"] for model in analysis.get("models", ())},
    )


def _signals(facts: AlertFacts, analysis: Mapping[str, Any]) -> tuple[Signal, ...]:
    """The detector's statements first, then what we measured ourselves: of each name the clearest."""
    stated = read_signals(
        list(facts.signals),
        origin=Origin.DETECTOR,
        source=f"{facts.detector_id}@{facts.detector_version}",
    )
    own = read_signals(
        [_readable(one) for one in _clearest(analysis.get("signals", ()))],
        origin=Origin.OWN_INFERENCE,
        source="second-look",
    )
    return (*stated, *own)[:MOST_SIGNALS]


def _clearest(signals: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """One signal a name: several people in the picture each have their own, and the record is small."""
    best: dict[str, Mapping[str, Any]] = {}
    for one in signals:
        known = best.get(one["name"])
        if known is None or (one["confidence"] or -1.0) > (known["confidence"] or -1.0):
            best[one["name"]] = one
    return list(best.values())


def _readable(signal: Mapping[str, Any]) -> dict[str, Any]:
    validity = signal["validity"]
    entry = {name: signal[name] for name in _READ_FIELDS if signal[name] is not None}
    return entry | {"validity": {"state": validity["state"], "note": validity["why"][:200]}}


def _segment(facts: AlertFacts, analysis: Mapping[str, Any]) -> Segment:
    local = facts.camera_at.astimezone(ZoneInfo(facts.site_timezone))
    return Segment(
        camera=str(facts.camera_id),
        detector_version=facts.detector_version,
        lighting=analysis.get("lighting", {}).get("state", ""),
        crowding=analysis.get("crowding", {}).get("state", ""),
        daypart=next(name for end, name in _DAYPARTS if local.hour < end),
        weekday=local.strftime("%a").lower(),
    )


def _policy(audit_share: float) -> TriagePolicy:
    share = max(audit_share, LEAST_AUDIT_SHARE)
    return replace(
        DEFAULT_TRIAGE_POLICY,
        version=f"{DEFAULT_TRIAGE_POLICY.version}/audit-{share:g}",
        audit_share=share,
        raised_audit_share=max(share, DEFAULT_TRIAGE_POLICY.raised_audit_share),
    )


def _route(facts: AlertFacts, record: AssessmentRecord, *, now: datetime) -> Standing:
    routing = destination_of(
        decision=record.decision, alert_id=str(facts.alert_id), audit_key=_audit_key()
    )
    to_a_person = routing.state is not AlertState.ARCHIVED or routing.sampled_blind
    due_at = now + timedelta(seconds=facts.review_sla_seconds)
    outcome = record.decision.outcome
    state = route(
        alert=facts.alert,
        outcome=outcome.value,
        sampled_blind=routing.sampled_blind,
        sampling_probability=routing.sampling_probability,
        due_at=due_at if to_a_person else None,
        now=now,
    )
    task = None
    if to_a_person:
        task = open_task(alert=facts.alert, kind=_kind(routing), due_at=due_at, now=now)
    strategy = outcome.strategy.value if outcome.strategy else ""
    return Standing(state=AlertState(state), strategy=strategy, **_times(task))


def _kind(routing: Routing) -> TaskKind:
    if routing.sampled_blind:
        return TaskKind.BLIND_AUDIT
    if routing.state is AlertState.MODEL_REVIEW:
        return TaskKind.MODEL_REVIEW
    return TaskKind.REVIEW


def _audit_key() -> bytes:
    """Nobody without the installation's secret can tell which archived alerts will be drawn."""
    return hmac.digest(settings.SECRET_KEY.encode(), b"blind audit draw", hashlib.sha256)


def _standing(alert_id: UUID, *, now: datetime) -> Standing:
    alert = Alert.objects.get(id=alert_id)
    if alert.failed_step:
        note_step(alert_id=alert_id, stage=alert.stage, now=now)
    disposition, task = standing_disposition(alert_id), open_task_of(alert_id)
    return Standing(
        state=AlertState(alert.state),
        strategy=alert.strategy,
        theft_confirmed=disposition is not None and disposition.verdict == Verdict.THEFT_CONFIRMED,
        **_times(task),
    )


def _times(task: HumanTask | None) -> dict[str, Any]:
    if task is None:
        return {}
    return {
        "task_id": str(task.id),
        "opened_at": task.opened_at,
        "due_at": task.due_at,
        "reminded": task.reminded_at is not None,
        "reassigned": task.reassigned_at is not None,
        "escalated": task.escalated_at is not None,
    }


def _clip(tenant_id: UUID, alert_id: UUID) -> Clip | None:
    with tenant_scope(tenant_id):
        return Clip.objects.filter(alert_id=alert_id).first()


def _analysis(clip: Clip | None) -> Mapping[str, Any]:
    """What was found in the clip; {} when it was not analysed, which every reader takes for "not known"."""
    if clip is None or not clip.analysis_key:
        return {}
    with media_store().get_stream(key=clip.analysis_key) as stream:
        parts = []
        while part := stream.read(CHUNK_BYTES):
            parts.append(part)
    found = json.loads(b"".join(parts))
    return found if isinstance(found, dict) else {}
