"""The decision: the cheapest strategy among those that the hard constraints allow.

`CONSTRAINTS` is the one visible order. A failed fairness check ends in model review; every other
one takes away escalation ("verify at most"). Without a calibrator an alert is not archived
either, unless only an isolated step was observed: a prior must not hide alerts that nobody has
looked at. Of equal costs the less intrusive strategy wins.

`decide_batch` works on arrays; `decide` is a batch of one with everything a screen shows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from apps.triage.audit_share import AuditSettings, audit_shares
from apps.triage.cost_model import LARGEST_AMOUNT, CostModel
from apps.triage.cost_rows import CostRow, cost_rows, loss_avoided_per_minute
from apps.triage.decoding import SINCE_2, SINCE_5
from apps.triage.economics import STRATEGY_OPTIONS, Floats, Option, expected_costs
from apps.triage.fairness import FairnessState
from apps.triage.fairness_settings import FairnessSettings
from apps.triage.flips import FlipPoint, flip_points
from apps.triage.probability import TheftProbability
from apps.triage.reasons import ReasonCode
from apps.triage.segments import ReliabilityState
from apps.triage.sequence import SequenceState
from apps.triage.states import Strategy
from apps.triage.wording import gettext_noop

Bools = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]

_ARCHIVE, _VERIFY, _ESCALATE = range(len(STRATEGY_OPTIONS))


class Outcome(StrEnum):
    """What triage proposes: a strategy, or a review of the model itself."""

    ESCALATE = "escalate"
    VERIFY = "verify"
    ARCHIVE = "archive"
    MODEL_REVIEW = "model_review"

    @property
    def strategy(self) -> Strategy | None:
        return None if self is Outcome.MODEL_REVIEW else Strategy(self.value)


OUTCOMES = (Outcome.ARCHIVE, Outcome.VERIFY, Outcome.ESCALATE, Outcome.MODEL_REVIEW)
_MODEL_REVIEW = OUTCOMES.index(Outcome.MODEL_REVIEW)


@dataclass(frozen=True, kw_only=True)
class TriagePolicy:
    """The versioned choices of a tenant beside its cost model.

    `audit_share` of the archived alerts goes to people blind; `raised_audit_share` of those
    archived although an isolated step was observed. Both above 0 (labels must stay unbiased) up
    to 1. With `audit_by_doubt` the share rises from the one to the other the closer an archived
    alert is to being verified (`apps.triage.audit_share`): there a label teaches most.

    `judged_first_share` (0..1) of the raised alerts, escalated or to be verified, is judged by a
    person before the machine's proposal is shown.

    A segment is red from P(false-positive rate > `reliability_limit`) = `red_from` on, green up to
    `green_up_to`, amber between, and unknown below `least_labels` labels. A surrogate below
    `fidelity_floor` (its agreement with the detector on held-out time, 0..1) is marked not
    reliable. A score that moves by more than `invariance_tolerance` (0..1) when only appearance
    changes fails the fairness check; `fairness` holds the thresholds of the audit sample.
    """

    version: str
    audit_share: float = 0.05
    raised_audit_share: float = 0.20
    reliability_limit: float = field(default=0.25, metadata=SINCE_2)
    red_from: float = field(default=0.80, metadata=SINCE_2)
    green_up_to: float = field(default=0.20, metadata=SINCE_2)
    least_labels: int = field(default=12, metadata=SINCE_2)
    fidelity_floor: float = field(default=0.90, metadata=SINCE_2)
    invariance_tolerance: float = field(default=0.05, metadata=SINCE_2)
    fairness: FairnessSettings = field(default=FairnessSettings(), metadata=SINCE_2)
    audit_by_doubt: bool = field(default=False, metadata=SINCE_2)
    judged_first_share: float = field(default=0.0, metadata=SINCE_5)

    def __post_init__(self) -> None:
        if not self.version:
            raise ValueError(gettext_noop("a triage policy has a version"))
        if not 0 < self.audit_share <= self.raised_audit_share <= 1:
            raise ValueError(gettext_noop("0 < audit share ≤ raised audit share ≤ 1 is needed"))
        if not 0 <= self.judged_first_share <= 1:
            raise ValueError(gettext_noop("0 ≤ share judged first ≤ 1 is needed"))
        if not 0 < self.reliability_limit < 1:
            raise ValueError(gettext_noop("0 < reliability limit < 1 is needed"))
        if not 0 < self.green_up_to < self.red_from < 1:
            raise ValueError(gettext_noop("0 < green up to < red from < 1 is needed"))
        if not 1 <= self.least_labels <= 10_000:
            raise ValueError(gettext_noop("1 ≤ least labels ≤ 10,000 is needed"))
        if not 0.5 <= self.fidelity_floor <= 1:
            raise ValueError(gettext_noop("0.5 ≤ fidelity floor ≤ 1 is needed"))
        if not 0 < self.invariance_tolerance <= 0.5:
            raise ValueError(gettext_noop("0 < invariance tolerance ≤ 0.5 is needed"))


DEFAULT_TRIAGE_POLICY = TriagePolicy(version="triage-1")


@dataclass(frozen=True, kw_only=True)
class DecisionInputs:
    """What one decision depends on, apart from cost model and policy.

    `minute_shadow_price` is what a minute is worth beyond its price because others wait: 0 in a
    quiet hour, in the cost model's currency. `stopped`: a person had stopped the machine for this
    camera at some moment between the alert's arrival and now.
    """

    probability: TheftProbability
    sequence: SequenceState
    reliability: ReliabilityState
    fairness: FairnessState
    has_viewable_clip: bool
    minute_shadow_price: float = 0.0
    stopped: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.minute_shadow_price <= LARGEST_AMOUNT:
            raise ValueError(f"the shadow price of a minute is within 0..{LARGEST_AMOUNT:g}")


@dataclass(frozen=True, kw_only=True)
class DecisionBatch:
    """`DecisionInputs` as arrays of one length; states as arrays of their text values."""

    probability: Floats
    low: Floats
    high: Floats
    calibrated: Bools
    sequence: npt.NDArray[np.str_]
    reliability: npt.NDArray[np.str_]
    fairness: npt.NDArray[np.str_]
    has_viewable_clip: Bools
    minute_shadow_price: Floats
    stopped: Bools

    def __post_init__(self) -> None:
        columns = list(vars(self).values())
        if any(column.ndim != 1 or len(column) != len(self.probability) for column in columns):
            raise ValueError(
                gettext_noop("all columns of a batch have one dimension and one length")
            )
        ordered = (self.low >= 0) & (self.low <= self.probability)
        ordered &= (self.probability <= self.high) & (self.high <= 1)
        if not ordered.all():
            raise ValueError(
                gettext_noop("0 ≤ low ≤ probability ≤ high ≤ 1 is needed in every row")
            )
        shadow = self.minute_shadow_price
        if not ((shadow >= 0) & (shadow <= LARGEST_AMOUNT)).all():
            raise ValueError(f"shadow prices of a minute are within 0..{LARGEST_AMOUNT:g}")
        _require_known("sequence", self.sequence, SequenceState)
        _require_known("reliability", self.reliability, ReliabilityState)
        _require_known("fairness", self.fairness, FairnessState)


@dataclass(frozen=True, kw_only=True)
class DecidedBatch:
    """Decisions as arrays: `outcome` [n] indexes `OUTCOMES`, `expected` is [n, 4] over
    `OPTIONS`, `allowed` [n, 3] and `chosen` [n] index `STRATEGY_OPTIONS`; `reasons` has one array
    a code.
    """

    outcome: Indices
    chosen: Indices
    allowed: Bools
    expected: Floats
    audit_share: Floats
    reasons: Mapping[ReasonCode, Bools]

    def outcome_of(self, index: int) -> Outcome:
        return OUTCOMES[self.outcome[index]]

    def reason_codes_of(self, index: int) -> tuple[ReasonCode, ...]:
        """The codes that apply, in the order of evaluation."""
        return tuple(code for code in ReasonCode if self.reasons[code][index])


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What triage proposes for one alert, and everything needed to say why.

    `costs` holds the four rows, most intrusive first. `margin` is the distance to the next allowed
    strategy, None when there is only one. `audit_share` is the probability with which the alert, if
    archived, goes to a person blind. `loss_avoided_per_minute` orders the queue.
    """

    outcome: Outcome
    reason_codes: tuple[ReasonCode, ...]
    allowed: tuple[Strategy, ...]
    costs: tuple[CostRow, ...]
    margin: float | None
    flip_points: tuple[FlipPoint, ...]
    audit_share: float
    loss_avoided_per_minute: float

    @property
    def strategy(self) -> Strategy | None:
        """The strategy, or None when the model itself is to be reviewed."""
        return self.outcome.strategy

    def row(self, option: Option) -> CostRow:
        return next(row for row in self.costs if row.option is option)


Constraint = tuple[ReasonCode, Callable[[DecisionBatch], Bools]]

CONSTRAINTS: tuple[Constraint, ...] = (
    (ReasonCode.FAIRNESS_FAILED, lambda b: b.fairness == FairnessState.FAILED),
    (ReasonCode.STOPPED, lambda b: b.stopped),
    (ReasonCode.FAIRNESS_NOT_ASSESSABLE, lambda b: b.fairness == FairnessState.NOT_ASSESSABLE),
    (ReasonCode.SEGMENT_RED, lambda b: b.reliability == ReliabilityState.RED),
    (ReasonCode.SEQUENCE_INCOMPLETE, lambda b: b.sequence == SequenceState.INCOMPLETE),
    (ReasonCode.SEQUENCE_ISOLATED, lambda b: b.sequence == SequenceState.ISOLATED),
    (ReasonCode.SEQUENCE_UNKNOWN, lambda b: b.sequence == SequenceState.UNKNOWN),
    (ReasonCode.NO_VIEWABLE_CLIP, lambda b: ~b.has_viewable_clip),
    (ReasonCode.UNCALIBRATED, lambda b: ~b.calibrated),
)


def decide(
    *, inputs: DecisionInputs, model: CostModel, policy: TriagePolicy = DEFAULT_TRIAGE_POLICY
) -> Decision:
    """Return the decision for one alert: `decide_batch` on a batch of one, with its intervals."""
    batch = batch_of([inputs])
    decided = decide_batch(batch=batch, model=model, policy=policy)
    rows = cost_rows(
        probability=inputs.probability,
        minute_shadow_price=inputs.minute_shadow_price,
        model=model,
    )
    outcome = decided.outcome_of(0)
    return Decision(
        outcome=outcome,
        reason_codes=decided.reason_codes_of(0),
        allowed=_allowed_strategies(decided, outcome),
        costs=rows,
        margin=_margin(decided, outcome),
        flip_points=_flips(batch, decided, model),
        audit_share=float(decided.audit_share[0]),
        loss_avoided_per_minute=_priority(rows, outcome),
    )


def decide_batch(
    *, batch: DecisionBatch, model: CostModel, policy: TriagePolicy = DEFAULT_TRIAGE_POLICY
) -> DecidedBatch:
    """Return the decisions for many alerts under one cost model and one policy."""
    expected = expected_costs(
        probability=batch.probability, minute_shadow_price=batch.minute_shadow_price, model=model
    )
    reasons = {code: np.asarray(applies(batch)) for code, applies in CONSTRAINTS}
    review = reasons[ReasonCode.FAIRNESS_FAILED]
    floor = reasons[ReasonCode.UNCALIBRATED] & ~reasons[ReasonCode.SEQUENCE_ISOLATED]
    allowed = np.ones((len(expected), len(STRATEGY_OPTIONS)), dtype=np.bool_)
    allowed[:, _ESCALATE] = ~np.logical_or.reduce(list(reasons.values()))
    allowed[:, _ARCHIVE] = ~floor
    chosen = _cheapest(expected, allowed)
    archived = (chosen == _ARCHIVE) & ~review
    raised = archived & reasons[ReasonCode.SEQUENCE_ISOLATED]
    share = np.where(raised, policy.raised_audit_share, _audit_share(batch, model, policy))
    raised |= archived & (share > policy.audit_share)
    reasons[ReasonCode.NOT_ARCHIVED_ON_A_PRIOR] = floor
    reasons |= _reasons_of_choice(batch, model, expected, allowed, chosen)
    reasons[ReasonCode.AUDIT_SHARE_RAISED] = raised
    return DecidedBatch(
        outcome=np.where(review, _MODEL_REVIEW, chosen),
        chosen=chosen,
        allowed=allowed,
        expected=expected,
        audit_share=np.where(archived, share, 0.0),
        reasons=_ended_by(review, reasons),
    )


def _audit_share(batch: DecisionBatch, model: CostModel, policy: TriagePolicy) -> Floats:
    if not policy.audit_by_doubt:
        return np.full(len(batch.probability), policy.audit_share)
    return audit_shares(
        probability=batch.probability,
        high=batch.high,
        minute_shadow_price=batch.minute_shadow_price,
        model=model,
        settings=AuditSettings(floor=policy.audit_share, most=policy.raised_audit_share),
    )


def batch_of(inputs: Sequence[DecisionInputs]) -> DecisionBatch:
    """Return single inputs as arrays."""
    return DecisionBatch(
        probability=np.array([one.probability.mean for one in inputs], dtype=np.float64),
        low=np.array([one.probability.low for one in inputs], dtype=np.float64),
        high=np.array([one.probability.high for one in inputs], dtype=np.float64),
        calibrated=np.array([one.probability.calibrated for one in inputs], dtype=np.bool_),
        sequence=np.array([one.sequence.value for one in inputs], dtype=np.str_),
        reliability=np.array([one.reliability.value for one in inputs], dtype=np.str_),
        fairness=np.array([one.fairness.value for one in inputs], dtype=np.str_),
        has_viewable_clip=np.array([one.has_viewable_clip for one in inputs], dtype=np.bool_),
        minute_shadow_price=np.array([one.minute_shadow_price for one in inputs], dtype=np.float64),
        stopped=np.array([one.stopped for one in inputs], dtype=np.bool_),
    )


def _cheapest(expected: Floats, allowed: Bools) -> Indices:
    """The cheapest allowed column; argmin takes the first of equals, the least intrusive."""
    costs = np.where(allowed, expected[:, : len(STRATEGY_OPTIONS)], np.inf)
    cheapest: Indices = np.argmin(costs, axis=1)
    return cheapest


def _reasons_of_choice(
    batch: DecisionBatch, model: CostModel, expected: Floats, allowed: Bools, chosen: Indices
) -> dict[ReasonCode, Bools]:
    free = _cheapest(expected, np.ones_like(allowed))
    rows = np.arange(len(chosen))
    quiet = expected_costs(
        probability=batch.probability,
        minute_shadow_price=np.zeros_like(batch.probability),
        model=model,
    )
    return {
        ReasonCode.CHEAPEST_ALLOWED: allowed.sum(axis=1) > 1,
        ReasonCode.CHEAPER_NOT_ALLOWED: expected[rows, free] < expected[rows, chosen],
        ReasonCode.WORKLOAD_RAISED_THE_BAR: (chosen == _ARCHIVE)
        & (_cheapest(quiet, allowed) != _ARCHIVE),
    }


def _ended_by(review: Bools, reasons: Mapping[ReasonCode, Bools]) -> dict[ReasonCode, Bools]:
    """A failed fairness check ends the evaluation: no later code applies."""
    return {
        code: applies if code is ReasonCode.FAIRNESS_FAILED else applies & ~review
        for code, applies in reasons.items()
    }


def _allowed_strategies(decided: DecidedBatch, outcome: Outcome) -> tuple[Strategy, ...]:
    if outcome is Outcome.MODEL_REVIEW:
        return ()
    return tuple(
        Strategy(option.value)
        for at, option in enumerate(STRATEGY_OPTIONS)
        if decided.allowed[0, at]
    )


def _margin(decided: DecidedBatch, outcome: Outcome) -> float | None:
    chosen = int(decided.chosen[0])
    others = [
        float(decided.expected[0, at])
        for at in np.flatnonzero(decided.allowed[0])
        if int(at) != chosen
    ]
    if outcome is Outcome.MODEL_REVIEW or not others:
        return None
    return min(others) - float(decided.expected[0, chosen])


def _flips(batch: DecisionBatch, decided: DecidedBatch, model: CostModel) -> tuple[FlipPoint, ...]:
    if decided.outcome[0] == _MODEL_REVIEW:
        return ()
    return flip_points(
        probability=batch.probability,
        minute_shadow_price=batch.minute_shadow_price,
        allowed=decided.allowed,
        chosen=decided.chosen,
        model=model,
    )[0]


def _priority(rows: Sequence[CostRow], outcome: Outcome) -> float:
    """A model review is valued as a verification: somebody watches the clip either way."""
    looked = Option.VERIFY if outcome is Outcome.MODEL_REVIEW else Option(outcome.value)
    return loss_avoided_per_minute(rows=rows, option=looked)


def _require_known(name: str, column: npt.NDArray[np.str_], kind: type[StrEnum]) -> None:
    if not np.isin(column, [member.value for member in kind]).all():
        raise ValueError(f"{name} holds a state that is not one of {', '.join(kind)}")
