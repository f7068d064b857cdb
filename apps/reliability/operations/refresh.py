"""Learn anew from what people decided: a probability, a reliability and a twin of every detector version.

Each fit sees only what was known by `now`, is stored as a version that is never edited, and is used
only where labels suffice; what is missing is said in its report. Reading and storing are short
transactions in the tenant's scope; fitting holds none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.db.models import Max

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.reliability.models import (
    ProbabilityModelVersion,
    ReliabilityRefresh,
    SegmentFinding,
    SurrogateVersion,
    TriageBasis,
)
from apps.reliability.operations.facts import gather_facts
from apps.reliability.operations.segments import LearnedSegments, learn_segments
from apps.reliability.operations.versions import raise_basis_revision
from apps.reliability.queries.choices import active_cost_model, active_triage_policy
from apps.reliability.queries.learning import LabelledTable, labelled_table
from apps.triage.cost_model import CostModel
from apps.triage.decision import TriagePolicy
from apps.triage.decoding import encode
from apps.triage.reliability_settings import ReliabilitySettings
from apps.triage.signal_means import SignalMeans, signal_means
from apps.triage.surrogate import Surrogate, SurrogateSettings, UnableToFit, fit_surrogate
from apps.triage.theft_model import TheftModel, fit_theft_model
from apps.triage.theft_model_settings import TheftModelSettings

BETTER_THAN_CHANCE: Final = 0.51


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """What a refresh did. `missing` says of each detector version how many labels it still needs."""

    version: int
    alert_count: int
    label_count: int
    gathered: int
    calibrated: tuple[str, ...] = ()
    missing: Mapping[str, int] = field(default_factory=dict)
    twins: Mapping[str, str] = field(default_factory=dict)
    segment_states: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Past:
    learned: LabelledTable
    policy: TriagePolicy
    cost_model: CostModel
    version: int
    gathered: int

    @property
    def detectors(self) -> list[str]:
        return sorted(set(self.learned.table.detector.tolist()))


@dataclass(frozen=True, kw_only=True)
class _Fits:
    theft: TheftModel
    segments: LearnedSegments
    twins: Mapping[str, Surrogate | str]
    means: SignalMeans


def refresh(*, tenant_id: UUID, now: datetime) -> Refreshed:
    """Gather facts, fit everything on what was known by `now`, and use what has labels enough.

    Opens its own scopes; call outside of one. Running twice stores two versions of equal content.
    """
    with tenant_scope(tenant_id):
        past = _past(tenant_id, now)
    if not len(past.learned.table):
        return Refreshed(version=0, alert_count=0, label_count=0, gathered=past.gathered)
    fits = _fit(past, now)
    with tenant_scope(tenant_id):
        Tenant.objects.select_for_update().get(id=tenant_id)
        return _store(tenant_id, past, fits, now=now)


def _past(tenant_id: UUID, now: datetime) -> _Past:
    gathered = gather_facts(tenant_id=tenant_id, now=now)
    return _Past(
        learned=labelled_table(tenant_id=tenant_id, until=now),
        policy=active_triage_policy(tenant_id)[1],
        cost_model=active_cost_model(tenant_id)[1],
        version=_next_version(tenant_id),
        gathered=gathered,
    )


def _next_version(tenant_id: UUID) -> int:
    """One number for everything of one refresh, so that equal numbers are one fit."""
    models = (ReliabilityRefresh, ProbabilityModelVersion, SurrogateVersion)
    last = (
        model._default_manager.filter(tenant_id=tenant_id).aggregate(last=Max("version"))["last"]
        for model in models
    )
    return max(one or 0 for one in last) + 1


def _fit(past: _Past, now: datetime) -> _Fits:
    table, labels, as_of = past.learned.table, past.learned.labels, now.timestamp()
    theft = fit_theft_model(
        table=table,
        labels=labels,
        as_of=as_of,
        settings=_theft_settings(past.cost_model),
        version=f"theft-{past.version}",
    )
    segments = learn_segments(
        table=table,
        labels=labels,
        as_of=as_of,
        settings=_reliability_settings(past.policy),
        version=f"isa-{past.version}",
    )
    return _Fits(
        theft=theft,
        segments=segments,
        twins={detector: _twin(past, detector, as_of) for detector in past.detectors},
        means=signal_means(table=table, as_of=as_of),
    )


def _theft_settings(model: CostModel) -> TheftModelSettings:
    """How good people judge is the cost model's figure for a verification, where it beats chance."""
    judged = model.verify
    return TheftModelSettings(
        sensitivity=max(judged.sensitivity, BETTER_THAN_CHANCE),
        specificity=max(judged.specificity, BETTER_THAN_CHANCE),
    )


def _reliability_settings(policy: TriagePolicy) -> ReliabilitySettings:
    return ReliabilitySettings(
        limit=policy.reliability_limit,
        red_from=policy.red_from,
        green_up_to=policy.green_up_to,
        least_labels=policy.least_labels,
    )


def _twin(past: _Past, detector: str, as_of: float) -> Surrogate | str:
    """The twin of one detector version, or why there is none."""
    own = past.learned.of_detector(detector)
    try:
        return fit_surrogate(
            table=own.table,
            labels=own.labels,
            as_of=as_of,
            version=f"sur-{past.version}",
            settings=SurrogateSettings(fidelity_floor=past.policy.fidelity_floor),
        )
    except UnableToFit as fault:
        return str(fault)


def _store(tenant_id: UUID, past: _Past, fits: _Fits, *, now: datetime) -> Refreshed:
    shared: dict[str, Any] = {
        "tenant_id": tenant_id,
        "version": past.version,
        "labels_until": now,
        "is_simulated": past.learned.is_simulated,
        "created_at": now,
    }
    calibrated, missing = _store_probability(past, fits, shared)
    _store_reliability(past, fits, shared)
    twins = {one: _store_twin(past, one, twin, shared) for one, twin in fits.twins.items()}
    raise_basis_revision(tenant_id=tenant_id)
    TriageBasis.objects.filter(tenant_id=tenant_id).update(signal_means=encode(fits.means))
    refreshed = Refreshed(
        version=past.version,
        alert_count=len(past.learned.table),
        label_count=_label_count(past.learned),
        gathered=past.gathered,
        calibrated=calibrated,
        missing=missing,
        twins=twins,
        segment_states=fits.segments.states,
    )
    _chain(tenant_id, refreshed)
    return refreshed


def _store_probability(
    past: _Past, fits: _Fits, shared: Mapping[str, Any]
) -> tuple[tuple[str, ...], dict[str, int]]:
    """One row a detector version: the model where it is calibrated, else what it lacks."""
    calibrated, missing, parameters = [], {}, encode(fits.theft)
    for detector in past.detectors:
        facts = fits.theft.facts(detector)
        if facts.calibrated:
            calibrated.append(detector)
            _line(ProbabilityModelVersion, detector, shared).update(is_active=False)
        else:
            missing[detector] = facts.labels_needed
        ProbabilityModelVersion.objects.create(
            **shared,
            **_detector(detector),
            parameters=parameters if facts.calibrated else {},
            report={
                "theft_count": facts.theft_count,
                "labels_needed": facts.labels_needed,
                "half_life_days": fits.theft.half_life_days,
            },
            label_count=facts.label_count,
            is_active=facts.calibrated,
        )
    return tuple(calibrated), missing


def _store_reliability(past: _Past, fits: _Fits, shared: Mapping[str, Any]) -> None:
    tenant_id, pooled = shared["tenant_id"], fits.segments.pooled
    enough = pooled.label_count >= pooled.settings.least_labels
    if enough:
        ReliabilityRefresh.objects.filter(tenant_id=tenant_id, is_active=True).update(
            is_active=False
        )
    stored = ReliabilityRefresh.objects.create(
        **shared,
        parameters=encode(pooled),
        report={
            **fits.segments.report,
            "labels_needed": max(0, pooled.settings.least_labels - pooled.label_count),
        },
        label_count=pooled.label_count,
        is_active=enough,
    )
    SegmentFinding.objects.bulk_create(
        [
            SegmentFinding(tenant_id=tenant_id, refresh=stored, **fields)
            for fields in fits.segments.findings
        ],
        batch_size=1_000,
    )


def _store_twin(
    past: _Past, detector: str, twin: Surrogate | str, shared: Mapping[str, Any]
) -> str:
    """Store the twin and return its version, or the reason why there is none."""
    if isinstance(twin, str):
        return twin
    _line(SurrogateVersion, detector, shared).update(is_active=False)
    SurrogateVersion.objects.create(
        **shared,
        **_detector(detector),
        parameters=encode(twin),
        report=encode(twin.fidelity),
        label_count=_label_count(past.learned.of_detector(detector)),
        fidelity=twin.fidelity.share,
        is_active=True,
    )
    return twin.version


def _line(model: Any, detector: str, shared: Mapping[str, Any]) -> Any:
    return model._default_manager.filter(
        tenant_id=shared["tenant_id"], is_active=True, **_detector(detector)
    )


def _detector(detector: str) -> dict[str, str]:
    name, _, version = detector.rpartition("@")
    return {"detector_id": name, "detector_version": version}


def _label_count(learned: LabelledTable) -> int:
    return int(np.count_nonzero(~np.isnan(learned.labels.theft)))


def _chain(tenant_id: UUID, refreshed: Refreshed) -> None:
    record(
        actor=Actor.system(tenant_id),
        event=Event.RELIABILITY_REFRESHED,
        subject=Subject("tenant", tenant_id),
        details={
            "version": refreshed.version,
            "alerts": refreshed.alert_count,
            "labels": refreshed.label_count,
            "calibrated": len(refreshed.calibrated),
            "uncalibrated": len(refreshed.missing),
            "segments": dict(refreshed.segment_states),
        },
    )
