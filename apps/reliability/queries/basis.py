"""What a new assessment rests on: one query an alert, everything else kept by revision.

The query reads what may change at any moment (the revision, the price of a minute, the camera's
zones, open fairness alarms). Versions and fits are read once by each process and kept until the
revision rises, which every change of them does in its own transaction.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db import connection

from apps.reliability.models import (
    ProbabilityModelVersion,
    ReliabilityRefresh,
    SurrogateVersion,
    TriageBasis,
)
from apps.reliability.queries.choices import (
    active_cost_model,
    active_sequence_policies,
    active_triage_policy,
)
from apps.sites.models import ZoneKind
from apps.triage.cost_model import CostModel
from apps.triage.decision import TriagePolicy
from apps.triage.decoding import UnableToDecode, decode
from apps.triage.probability import UNIFORM_PRIOR, TheftProbability
from apps.triage.reliability import PooledReliability
from apps.triage.segments import (
    Drift,
    ReliabilityState,
    Segment,
    SegmentReliability,
    unknown_reliability,
)
from apps.triage.sequence import SequencePolicy
from apps.triage.signal_means import SignalMeans
from apps.triage.surrogate import Surrogate
from apps.triage.tables import AlertTable
from apps.triage.theft_model import TheftModel, probability_of

T = TypeVar("T")
logger = logging.getLogger(__name__)

# Of several zones on one picture the one that says most about what happens there.
ZONE_ORDER: Final = (
    ZoneKind.SELF_CHECKOUT,
    ZoneKind.KIOSK,
    ZoneKind.HIGH_VALUE,
    ZoneKind.EXIT,
    ZoneKind.ENTRANCE,
    ZoneKind.GOODS_IN,
    ZoneKind.STAFF_ONLY,
    ZoneKind.QUEUE,
    ZoneKind.SHELF,
    ZoneKind.AISLE,
)
_NOW: Final = """
    SELECT basis.revision, coalesce(basis.minute_shadow_price, 0.0),
        ARRAY(SELECT DISTINCT kind FROM sites_zone WHERE camera_id = %(camera)s),
        (
            SELECT coalesce(
                jsonb_agg(jsonb_build_object(
                    'id', id, 'attribute', attribute, 'measure', measure, 'detector', detector
                ) ORDER BY raised_at, id), '[]'::jsonb
            )
            FROM reliability_fairnessalarm WHERE tenant_id = %(tenant)s AND closed_at IS NULL
        )
    FROM (VALUES (1)) AS always(one)
    LEFT JOIN reliability_triagebasis basis ON basis.tenant_id = %(tenant)s
"""
KEPT_TENANTS: Final = 32


@dataclass(frozen=True, kw_only=True)
class OpenAlarm:
    """A fairness alarm nobody has closed; `detector` is "id@version", "" every detector."""

    id: str
    attribute: str
    measure: str
    detector: str


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A fit that is in use, and whether it rests on simulated history."""

    value: Any
    is_simulated: bool


@dataclass(frozen=True, kw_only=True)
class Learned:
    """Versions and fits of one revision; fits by "id@version" of the detector."""

    cost_model: CostModel
    policy_version: int
    policy: TriagePolicy
    sequence_policies: Mapping[tuple[str, str], SequencePolicy]
    probability: Mapping[str, Fitted]
    surrogates: Mapping[str, Fitted]
    reliability: Fitted | None
    borrowing: PooledReliability | None
    drifts: Mapping[str, Drift]
    means: SignalMeans
    labels: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Basis:
    """Everything beside the alert that its assessment depends on."""

    revision: int
    learned: Learned
    minute_shadow_price: float
    zone_kind: str
    alarms: tuple[OpenAlarm, ...]

    def sequence_policy(self, *, detector_id: str, label: str) -> SequencePolicy | None:
        """The detector's own policy for the label, else the one for every detector, else None."""
        policies = self.learned.sequence_policies
        return policies.get((detector_id, label)) or policies.get(("", label))

    def probability(self, table: AlertTable) -> TheftProbability:
        """Of the one alert in `table`; the prior, with the labels so far, while there is no fit."""
        detector = str(table.detector[0])
        fitted = self.learned.probability.get(detector)
        if fitted is None:
            return UNIFORM_PRIOR.probability(label_count=self.learned.labels.get(detector, 0))
        return probability_of(fitted.value, table)

    def reliability(self, segment: Segment) -> SegmentReliability:
        """Of one segment as of the last refresh; unknown while there was none.

        Conditions without a label of their own, at a camera that has some, are judged by what that
        camera and these conditions suggest (`borrowed` is 1 then): a camera whose alerts are
        mostly false does not become trustworthy on the first foggy day.
        """
        fitted, borrowing = self.learned.reliability, self.learned.borrowing
        if fitted is None or borrowing is None:
            return unknown_reliability(segment=segment)
        return reliability_of(
            fitted.value, borrowing=borrowing, drifts=self.learned.drifts, segment=segment
        )

    def surrogate(self, detector: str) -> Surrogate | None:
        """The twin of a detector version ("id@version"), if one is in use."""
        fitted = self.learned.surrogates.get(detector)
        return fitted.value if fitted else None

    def alarm_of(self, detector: str) -> OpenAlarm | None:
        """The oldest open alarm that concerns the detector version."""
        return next((one for one in self.alarms if one.detector in ("", detector)), None)

    def simulated(self, detector: str) -> tuple[str, ...]:
        """Which parts behind this detector's assessments rest on simulated history."""
        parts = {
            "probability": self.learned.probability.get(detector),
            "reliability": self.learned.reliability,
            "surrogate": self.learned.surrogates.get(detector),
        }
        return tuple(name for name, fitted in parts.items() if fitted and fitted.is_simulated)


def basis_of(tenant_id: UUID, *, currency: str, camera_id: UUID) -> Basis:
    """What an alert of this camera is assessed by now. Runs in the tenant's scope; one query.

    Raises `apps.triage.decoding.UnableToDecode` for a choice that this code cannot read; a fit it
    cannot read is left out, as if it had not been made yet.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NOW, {"tenant": tenant_id, "camera": camera_id})
        row = cursor.fetchone()
    assert row is not None
    revision, price, kinds, alarms = row
    return Basis(
        revision=revision or 0,
        learned=learned_of(tenant_id, revision or 0, currency),
        minute_shadow_price=price,
        zone_kind=zone_kind_of(kinds),
        alarms=tuple(OpenAlarm(**one) for one in _json(alarms)),
    )


def reliability_of(
    pooled: PooledReliability,
    *,
    borrowing: PooledReliability,
    drifts: Mapping[str, Drift],
    segment: Segment,
) -> SegmentReliability:
    """What one refresh says of a segment; `borrowing` is `borrowing_of` the same fit."""
    found = pooled.lookup(segment)
    if found.state is ReliabilityState.UNKNOWN and segment.camera in pooled.cameras.name:
        found = replace(borrowing.lookup(segment), labels_needed=found.labels_needed)
    return replace(found, drift=drifts.get(segment.camera, Drift.UNKNOWN))


def borrowing_of(pooled: PooledReliability) -> PooledReliability:
    """The same fit, asked for segments without a label of their own too."""
    return replace(pooled, settings=replace(pooled.settings, least_own_labels=0))


def zone_kind_of(kinds: Sequence[str]) -> str:
    """What a camera with these zones looks at: the first of `ZONE_ORDER`, "" without zones."""
    return next((kind.value for kind in ZONE_ORDER if kind in kinds), "")


@lru_cache(maxsize=KEPT_TENANTS)
def learned_of(tenant_id: UUID, revision: int, currency: str) -> Learned:
    """Versions and fits of a tenant as of `revision`, read once by each process."""
    policy_version, policy = active_triage_policy(tenant_id)
    refresh = ReliabilityRefresh.objects.filter(tenant_id=tenant_id, is_active=True).first()
    reliability = _reliability(refresh)
    return Learned(
        cost_model=active_cost_model(tenant_id, currency=currency)[1],
        policy_version=policy_version,
        policy=policy,
        sequence_policies=active_sequence_policies(tenant_id),
        probability=_probability_models(tenant_id),
        surrogates=dict(_surrogates(tenant_id)),
        reliability=reliability,
        borrowing=borrowing_of(reliability.value) if reliability else None,
        drifts=drifts_of(refresh),
        means=_means(tenant_id),
        labels=_labels(tenant_id),
    )


def _probability_models(tenant_id: UUID) -> dict[str, Fitted]:
    """By detector version. Versions of one number are one fit: it is read once."""
    found: dict[str, Fitted] = {}
    read: dict[int, TheftModel | None] = {}
    for row in ProbabilityModelVersion.objects.filter(tenant_id=tenant_id, is_active=True):
        if row.version not in read:
            read[row.version] = _read(TheftModel, row.parameters, str(row))
        if fitted := _fitted(read[row.version], row.is_simulated):
            found[f"{row.detector_id}@{row.detector_version}"] = fitted
    return found


def _reliability(refresh: ReliabilityRefresh | None) -> Fitted | None:
    if refresh is None:
        return None
    value = _read(PooledReliability, refresh.parameters, str(refresh))
    return _fitted(value, refresh.is_simulated)


def _surrogates(tenant_id: UUID) -> Iterator[tuple[str, Fitted]]:
    for row in SurrogateVersion.objects.filter(tenant_id=tenant_id, is_active=True):
        if fitted := _fitted(_read(Surrogate, row.parameters, str(row)), row.is_simulated):
            yield f"{row.detector_id}@{row.detector_version}", fitted


def _means(tenant_id: UUID) -> SignalMeans:
    row = TriageBasis.objects.filter(tenant_id=tenant_id).first()
    stored = row.signal_means if row else {}
    return (_read(SignalMeans, stored, "signal means") if stored else None) or SignalMeans()


def _labels(tenant_id: UUID) -> dict[str, int]:
    """How many labels the last fit of each detector version had, also where they were too few."""
    rows = ProbabilityModelVersion.objects.filter(tenant_id=tenant_id).order_by("version")
    columns = rows.values_list("detector_id", "detector_version", "label_count")
    return {f"{name}@{version}": count for name, version, count in columns}


def drifts_of(refresh: ReliabilityRefresh | None) -> dict[str, Drift]:
    """Drift of each camera that the refresh tested."""
    stored = refresh.report.get("drift", {}) if refresh else {}
    return {camera: Drift(state) for camera, state in stored.items()}


def _fitted(value: object, is_simulated: bool) -> Fitted | None:
    return None if value is None else Fitted(value=value, is_simulated=is_simulated)


def _read(kind: Callable[..., T], parameters: object, name: str) -> T | None:
    """An alert must not wait for a fit that an older or newer code made."""
    try:
        return decode(kind, parameters)  # type: ignore[arg-type]
    except UnableToDecode as fault:
        logger.error("%s cannot be read and is left out: %s", name, fault)
        return None


def _json(value: Any) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(value) if isinstance(value, str) else value
    return found
