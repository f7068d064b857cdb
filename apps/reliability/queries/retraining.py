"""What a detector could learn from: alerts with a high score that were false, or probably were."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_noop

from apps.accounts.models import User
from apps.alerts.models import Alert
from apps.reliability.models import AlertFact, FactOrigin
from apps.reliability.queries.atlas import CONDITIONS, Places
from apps.triage.segments import ReliabilityState
from apps.triage.states import AlertState, Verdict

FALSE = (Verdict.FALSE_ALARM.value, Verdict.BENIGN_EXPLAINED.value)
NOT_TOLD = ("", Verdict.INCONCLUSIVE.value)
WAITING = (
    AlertState.RECEIVED,
    AlertState.ANALYSING,
    AlertState.AWAITING_REVIEW,
    AlertState.MODEL_REVIEW,
)
LOW_PROBABILITY = 0.2
HIGH_SCORE = 0.7


class Basis(StrEnum):
    """`judged`: a person said it was false. `likely`: nobody said, the segment or P(theft) suggests it."""

    JUDGED = "judged"
    LIKELY = "likely"


class Reason(StrEnum):
    """Why an alert is in the list."""

    FALSE_ALARM = "false_alarm"
    BENIGN = "benign_explained"
    RED_SEGMENT = "red_segment"
    LOW_PROBABILITY = "low_probability"
    DRAWN_BLIND = "drawn_blind"


REASON_WORDS = {
    Reason.FALSE_ALARM: gettext_noop("judged a false alarm"),
    Reason.BENIGN: gettext_noop("judged explained, benign"),
    Reason.RED_SEGMENT: gettext_noop("its segment is red"),
    Reason.LOW_PROBABILITY: gettext_noop("P(theft) was low"),
    Reason.DRAWN_BLIND: gettext_noop("drawn by the blind audit"),
}


@dataclass(frozen=True, kw_only=True)
class RetrainingFilters:
    """Which alerts: `least_score` 0..1 is what counts as a high score."""

    basis: Basis = Basis.JUDGED
    detector: str = ""
    site: UUID | None = None
    least_score: float = HIGH_SCORE


@dataclass(frozen=True, kw_only=True)
class DetectorCount:
    """How many alerts one detector version could learn from."""

    detector: str
    judged: int
    likely: int


def retraining_facts(
    user: User, *, filters: RetrainingFilters, places: Places
) -> QuerySet[AlertFact]:
    """The alerts of the person's sites the filters name, highest score first.

    An alert that still waits for a person is never among them, so that nobody who judges it blind
    learns what triage thinks of it.
    """
    facts = _of_sites(user, places).filter(score__gte=filters.least_score)
    facts = facts.filter(_judged() if filters.basis is Basis.JUDGED else _likely())
    if filters.site:
        facts = facts.filter(site_id=filters.site)
    if filters.detector:
        detector, _, version = filters.detector.rpartition("@")
        facts = facts.filter(detector_id=detector, detector_version=version)
    return facts.order_by("-score", "-happened_at", "id")


def detector_counts(
    user: User, *, filters: RetrainingFilters, places: Places
) -> list[DetectorCount]:
    """The counts of every detector version at this least score, most first."""
    facts = _of_sites(user, places).filter(score__gte=filters.least_score)
    if filters.site:
        facts = facts.filter(site_id=filters.site)
    rows = (
        facts.order_by()
        .values("detector_id", "detector_version")
        .annotate(judged=Count("id", filter=_judged()), likely=Count("id", filter=_likely()))
    )
    counts = [
        DetectorCount(
            detector=f"{row['detector_id']}@{row['detector_version']}",
            judged=row["judged"],
            likely=row["likely"],
        )
        for row in rows
        if row["judged"] or row["likely"]
    ]
    return sorted(counts, key=lambda one: (-one.judged, -one.likely, one.detector))


def reasons_of(fact: AlertFact) -> list[Reason]:
    """Everything that speaks for the alert being false, and whether the draw was blind."""
    reasons = []
    if fact.verdict == Verdict.FALSE_ALARM:
        reasons.append(Reason.FALSE_ALARM)
    if fact.verdict == Verdict.BENIGN_EXPLAINED:
        reasons.append(Reason.BENIGN)
    if fact.reliability == ReliabilityState.RED:
        reasons.append(Reason.RED_SEGMENT)
    if fact.is_calibrated and fact.probability is not None and fact.probability <= LOW_PROBABILITY:
        reasons.append(Reason.LOW_PROBABILITY)
    if fact.verdict and fact.sampling_probability < 1:
        reasons.append(Reason.DRAWN_BLIND)
    return reasons


def export_line(fact: AlertFact) -> dict[str, Any]:
    """One alert for whoever retrains the detector: ids, figures and the verdict, nothing personal."""
    return {
        "id": str(fact.id),
        "alert_id": str(fact.alert_id) if fact.alert_id else None,
        "external_id": fact.external_id or None,
        "origin": fact.origin,
        "happened_at": fact.happened_at.isoformat(),
        "detector": f"{fact.detector_id}@{fact.detector_version}",
        "label": fact.label,
        "score": fact.score,
        "signals": fact.signals,
        "sequence": fact.sequence,
        "segment": {
            "site": str(fact.site_id) if fact.site_id else None,
            "camera": str(fact.camera_id) if fact.camera_id else None,
            **{name: getattr(fact, name) or None for name in CONDITIONS},
            "reliability": fact.reliability,
        },
        "probability": fact.probability if fact.is_calibrated else None,
        "verdict": fact.verdict or None,
        "sampling_probability": fact.sampling_probability,
        "reasons": [reason.value for reason in reasons_of(fact)],
    }


def export_lines(facts: QuerySet[AlertFact]) -> Iterator[dict[str, Any]]:
    """The lines of the facts, read in parts."""
    for fact in facts.iterator(chunk_size=2_000):
        yield export_line(fact)


def _of_sites(user: User, places: Places) -> QuerySet[AlertFact]:
    facts = AlertFact.objects.filter(tenant_id=user.tenant_id, is_duplicate=False)
    if not user.tenant.is_drill:
        facts = facts.filter(is_drill=False).exclude(origin=FactOrigin.SIMULATED)
    if not places.sees_all:
        facts = facts.filter(site_id__in=list(places.sites))
    return facts


def _judged() -> Q:
    return Q(verdict__in=FALSE)


def _likely() -> Q:
    waiting = Alert.objects.filter(id=OuterRef("alert_id"), state__in=WAITING)
    suspected = Q(reliability=ReliabilityState.RED) | Q(
        is_calibrated=True, probability__lte=LOW_PROBABILITY
    )
    return Q(verdict__in=NOT_TOLD) & suspected & ~Q(Exists(waiting))
