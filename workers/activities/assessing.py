"""Assess an alert and send it on its way: one transaction from analysing to a person, or to the archive."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

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
from apps.reliability.queries.basis import Basis, OpenAlarm, basis_of
from apps.reviews.models import HumanTask, TaskKind
from apps.reviews.operations import join_item, open_task
from apps.reviews.queries import open_task_of, standing_disposition
from apps.sites.queries import stopped_between
from apps.storage.store import media_store
from apps.storage.streams import CHUNK_BYTES
from apps.triage.assessment import AssessmentInputs, AssessmentRecord, assess, record_json
from apps.triage.counterfactual import surrogate_counterfactual
from apps.triage.decision import TriagePolicy
from apps.triage.decoding import UnableToDecode, decode
from apps.triage.fairness import FairnessFinding, failed_by_alarm, not_assessable
from apps.triage.findings import CounterfactualFinding, SurrogateFinding
from apps.triage.invariance_section import fairness_of
from apps.triage.routing import Routing
from apps.triage.routing import route as destination_of
from apps.triage.segments import Segment
from apps.triage.sequence import judge_sequence
from apps.triage.signals import Signal
from apps.triage.states import AlertState, Verdict
from apps.triage.surrogate import Surrogate
from apps.triage.wording import gettext_noop
from workers.activities.readings import (
    against_usual,
    detector_of,
    segment_of,
    signals_of,
    table_of,
)
from workflows.activities import ASSESS_AND_ROUTE
from workflows.messages import Assess, Standing

NOT_ASKED: Final = gettext_noop(
    "The detector was not asked to score changed frames, so it is not known whether its score "
    "depends on appearance."
)
ALARM_OPEN: Final = (
    "A fairness alarm of this detector is open: groups of its audited alerts differ by more than the "
    "policy allows."
)
# Labels must stay unbiased: a tenant may make the blind audit rare, not switch it off.
LEAST_AUDIT_SHARE: Final = 0.001


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
    basis = basis_of(facts.tenant_id, currency=facts.currency, camera_id=facts.camera_id)
    stopped = stopped_between(
        tenant_id=facts.tenant_id,
        site_id=facts.site_id,
        camera_id=facts.camera_id,
        since=facts.received_at,
        until=now,
    )
    inputs = _inputs(facts, basis, analysis=analysis, viewable=viewable, stopped=stopped)
    record = assess(inputs=inputs)
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


def _inputs(
    facts: AlertFacts,
    basis: Basis,
    *,
    analysis: Mapping[str, Any],
    viewable: bool,
    stopped: bool,
) -> AssessmentInputs:
    detector = detector_of(facts)
    segment = segment_of(facts, analysis, zone_kind=basis.zone_kind)
    signals = against_usual(signals_of(facts, analysis), segment=segment, means=basis.learned.means)
    sequence_policy = basis.sequence_policy(detector_id=facts.detector_id, label=facts.label)
    sequence = judge_sequence(policy=sequence_policy, signals=signals)
    table = table_of(facts, signals=signals, segment=segment, sequence=sequence.state)
    policy = _policy(facts.blind_audit_share, basis)
    rule, clearing = _explained(facts, basis.surrogate(detector), signals, segment, policy)
    clearing = by_the_detector(analysis, detector=detector) or clearing
    return AssessmentInputs(
        alert_id=str(facts.alert_id),
        label=facts.label,
        detector_id=facts.detector_id,
        detector_version=facts.detector_version,
        score=facts.score,
        signals=signals,
        sequence_policy=sequence_policy,
        probability=basis.probability(table),
        reliability=basis.reliability(segment),
        fairness=_fairness(
            basis.alarm_of(detector), analysis, tolerance=policy.invariance_tolerance
        ),
        has_viewable_clip=viewable,
        cost_model=basis.learned.cost_model,
        policy=policy,
        minute_shadow_price=basis.minute_shadow_price,
        model_digests={model["id"]: model["sha256"] for model in analysis.get("models", ())},
        surrogate=rule,
        counterfactual=clearing,
        simulated=basis.simulated(detector),
        stopped=stopped,
    )


def _explained(
    facts: AlertFacts,
    surrogate: Surrogate | None,
    signals: tuple[Signal, ...],
    segment: Segment,
    policy: TriagePolicy,
) -> tuple[SurrogateFinding | None, CounterfactualFinding | None]:
    """The rule the alert falls under and what would clear it; nothing without a twin."""
    if surrogate is None:
        return None, None
    floor = policy.fidelity_floor
    rule = surrogate.explain(
        label=facts.label,
        signals=signals,
        segment=segment,
        score=facts.score,
        fidelity_floor=floor,
    )
    clearing = surrogate_counterfactual(
        surrogate=surrogate,
        label=facts.label,
        signals=signals,
        segment=segment,
        fidelity_floor=floor,
    )
    return rule, clearing


def by_the_detector(analysis: Mapping[str, Any], *, detector: str) -> CounterfactualFinding | None:
    """What would clear the alert as the detector itself ("id@version") answered; None where it was not asked.

    A twin only imitates, so this goes before what the twin says.
    """
    section = analysis.get("counterfactual")
    if not isinstance(section, Mapping) or section.get("detector") != detector:
        return None
    try:
        return decode(CounterfactualFinding, section.get("finding"))
    except UnableToDecode:
        return None


def _fairness(
    alarm: OpenAlarm | None, analysis: Mapping[str, Any], *, tolerance: float
) -> FairnessFinding:
    """What the detector's answers to changed frames say; an open alarm of it stops them all."""
    if alarm is not None:
        return failed_by_alarm(alarm=alarm.id, reason=ALARM_OPEN)
    section = analysis.get("invariance")
    if section is None:
        return not_assessable(reason=NOT_ASKED)
    return fairness_of(section, tolerance=tolerance)


def _policy(audit_share: float, basis: Basis) -> TriagePolicy:
    """The tenant's active policy; while the shipped one stands, with the tenant's own audit share."""
    policy = basis.learned.policy
    if basis.learned.policy_version:
        return policy
    share, first = max(audit_share, LEAST_AUDIT_SHARE), settings.JUDGED_FIRST_OF_100 / 100
    return replace(
        policy,
        version=f"{policy.version}/audit-{share:g}-by-doubt-first-{first:g}",
        audit_by_doubt=True,
        judged_first_share=first,
        audit_share=share,
        raised_audit_share=max(share, policy.raised_audit_share),
    )


def _route(facts: AlertFacts, record: AssessmentRecord, *, now: datetime) -> Standing:
    policy, viewable = record.inputs.policy, record.inputs.has_viewable_clip
    routing = destination_of(
        decision=record.decision,
        alert_id=str(facts.alert_id),
        audit_key=_audit_key(),
        judged_first_share=policy.judged_first_share if viewable else 0.0,
    )
    to_a_person = routing.state is not AlertState.ARCHIVED or routing.sampled_blind
    due_at = now + timedelta(seconds=facts.review_sla_seconds)
    outcome = record.decision.outcome
    state = route(
        alert=facts.alert,
        outcome=outcome.value,
        sampled_blind=routing.sampled_blind,
        sampling_probability=routing.sampling_probability,
        rank=routing.rank,
        due_at=due_at if to_a_person else None,
        now=now,
    )
    task = None
    if to_a_person:
        task = open_task(alert=facts.alert, kind=_kind(routing), due_at=due_at, now=now)
        join_item(alert=facts.alert, now=now)
    strategy = outcome.strategy.value if outcome.strategy else ""
    return Standing(state=AlertState(state), strategy=strategy, **_times(task))


def _kind(routing: Routing) -> TaskKind:
    if routing.sampled_blind and routing.state is AlertState.ARCHIVED:
        return TaskKind.BLIND_AUDIT
    if routing.state is AlertState.MODEL_REVIEW:
        return TaskKind.MODEL_REVIEW
    return TaskKind.REVIEW


def _audit_key() -> bytes:
    """Nobody without the installation's secret can tell which alerts will be drawn."""
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
