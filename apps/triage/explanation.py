"""An assessment in words, for the alert page, the queue and the dossier.

Every sentence is made from the record alone. Observed acts, numbers with their unit, and "not known
yet (N labels)" where labels are too few.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.triage.assessment import AssessmentRecord
from apps.triage.cost_rows import CostRow
from apps.triage.decision import Outcome
from apps.triage.economics import Option
from apps.triage.explained_rule import ClearingLines, RuleLines, clearing_lines, rule_lines
from apps.triage.fairness_words import FairnessLines, fairness_lines
from apps.triage.flips import FlipPoint, Quantity
from apps.triage.phrasing import (
    money,
    money_range,
    of_100,
    of_100_range,
    rounded_100,
    times,
)
from apps.triage.probability import TheftProbability
from apps.triage.reasons import not_known_yet, sentence
from apps.triage.segments import Drift, Segment, SegmentReliability
from apps.triage.sequence import SequenceFinding, SequenceState
from apps.triage.signals import Signal, ValidityState
from apps.triage.states import Strategy
from apps.triage.vocabulary import IN_SECONDS, label_words, signal_words

OPTION_WORDS = {
    Option.INTERVENE_UNVERIFIED: "Intervene unverified",
    Option.ESCALATE: "Escalate now",
    Option.VERIFY: "Verify the clip first",
    Option.ARCHIVE: "Archive",
}
OUTCOME_WORDS = {
    Outcome.ESCALATE: "Escalate now",
    Outcome.VERIFY: "Verify the clip first",
    Outcome.ARCHIVE: "Archive",
    Outcome.MODEL_REVIEW: "Review the model",
}
BECOMES_WORDS = {
    Strategy.ESCALATE: "escalating",
    Strategy.VERIFY: "verifying",
    Strategy.ARCHIVE: "archiving",
}
SEQUENCE_WORDS = {
    SequenceState.COMPLETE: "complete sequence",
    SequenceState.INCOMPLETE: "incomplete sequence",
    SequenceState.ISOLATED: "isolated step",
    SequenceState.UNKNOWN: "sequence not known",
}
WEIGHT_WORDS = {
    ValidityState.MEASURED: "measured",
    ValidityState.STATED_BY_DETECTOR: "as stated by the detector",
    ValidityState.NO_EVIDENTIAL_WEIGHT: "observed, no evidential weight",
    ValidityState.NOT_MEASURABLE: "not measurable",
}


DRIFT_WORDS = {
    Drift.STEADY: "Drift: none found over the last weeks.",
    Drift.RISING: "Drift: more alerts are false here than some weeks ago.",
    Drift.FALLING: "Drift: fewer alerts are false here than some weeks ago.",
    Drift.UNKNOWN: "Drift: not known yet.",
}
PART_WORDS = {
    "probability": "the probability",
    "reliability": "the reliability of these conditions",
    "surrogate": "the rule",
}


@dataclass(frozen=True, kw_only=True)
class SignalLine:
    """One lane of the signal timeline; the span is in seconds of the clip, None when not given.

    `usual` compares the value with what is usual in these conditions, "" where that is not known.
    `why` says what the weight rests on, once a signal; `amount` a value in seconds; "" where there is none.
    """

    name: str
    words: str
    weight: str
    why: str
    amount: str
    counts: bool
    value: float | None
    confidence: float | None
    start_seconds: float | None
    end_seconds: float | None
    usual: str


@dataclass(frozen=True, kw_only=True)
class CostLine:
    """One of the four bars. Shares are of the longest strategy bar's upper end, 0..1."""

    option: Option
    words: str
    expected: str
    interval: str
    parts: str
    chosen: bool
    comparison_only: bool
    expected_share: float
    low_share: float
    high_share: float


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The words for one alert, in the order in which a decision needs them."""

    what_happened: str
    sequence: str
    signals: tuple[SignalLine, ...]
    trust: str
    segment: str
    verdict: str
    reasons: tuple[str, ...]
    costs: tuple[CostLine, ...]
    cost_sentence: str
    comparison: str
    flips: tuple[str, ...]
    fairness: FairnessLines
    priority: str
    priority_value: float
    rule: RuleLines
    basis: str
    drift: str
    clearing: ClearingLines
    simulated: str


def explain(record: AssessmentRecord) -> Explanation:
    """Return the words for a record."""
    inputs, decision = record.inputs, record.decision
    return Explanation(
        what_happened=f"{label_words(inputs.label)} · {SEQUENCE_WORDS[record.sequence.state]}",
        sequence=_sequence(record.sequence),
        signals=_signal_lines(inputs.signals),
        trust=_trust(inputs.probability),
        segment=_segment(inputs.reliability),
        verdict=OUTCOME_WORDS[decision.outcome],
        reasons=tuple(sentence(code) for code in decision.reason_codes),
        costs=_cost_lines(record),
        cost_sentence=_cost_sentence(record),
        comparison=_comparison(record),
        flips=_flips(record),
        fairness=fairness_lines(inputs.fairness),
        priority=_priority(record),
        priority_value=decision.loss_avoided_per_minute,
        rule=rule_lines(
            inputs.surrogate,
            detector=f"{inputs.detector_id} {inputs.detector_version}",
            least_labels=inputs.policy.least_labels,
        ),
        basis=_basis(inputs.probability),
        drift=DRIFT_WORDS[inputs.reliability.drift],
        clearing=clearing_lines(inputs.counterfactual),
        simulated=_simulated(inputs.simulated),
    )


def _sequence(finding: SequenceFinding) -> str:
    if finding.stated:
        return f"{finding.reason}, as stated by the detector."
    return f"{finding.reason}."


def _signal_lines(signals: Sequence[Signal]) -> tuple[SignalLine, ...]:
    """A reason that was told of a signal already, of another person, is not told again."""
    told = [(one.name, one.validity.note) for one in signals]
    return tuple(
        _signal_line(one, why=one.validity.note if told.index(reason) == place else "")
        for place, (one, reason) in enumerate(zip(signals, told, strict=True))
    )


def _signal_line(signal: Signal, *, why: str) -> SignalLine:
    return SignalLine(
        name=signal.name,
        words=signal_words(signal.name),
        weight=WEIGHT_WORDS[signal.validity.state],
        why=why,
        amount=_amount(signal),
        counts=signal.carries_weight,
        value=signal.value,
        confidence=signal.confidence,
        start_seconds=signal.start_seconds,
        end_seconds=signal.end_seconds,
        usual=_usual(signal),
    )


def _amount(signal: Signal) -> str:
    if signal.value is None or signal.name not in IN_SECONDS:
        return ""
    return f"{signal.value:.1f} s"


def _usual(signal: Signal) -> str:
    mean = signal.segment_mean
    if signal.value is None or mean is None or mean <= 0:
        return ""
    return f"{times(signal.value / mean)} what is usual in these conditions"


def _trust(probability: TheftProbability) -> str:
    rate = rounded_100(probability.false_positive_rate)
    interval = of_100_range(1 - probability.high, 1 - probability.low)
    if probability.calibrated:
        return f"{rate} of 100 alerts like this were false ({interval})."
    known = not_known_yet(probability.label_count)
    return (
        f"How many alerts like this are false is {known}. "
        f"The costs assume {rate} of 100 ({interval})."
    )


def _basis(probability: TheftProbability) -> str:
    if probability.calibrated:
        count = probability.label_count
        return f"Calibrated on {count:,} {_labels(count)}, version {probability.version}."
    return (
        "Nothing has been learned for this detector version yet, so an assumption stands in its "
        f"place: {probability.version}."
    )


def _simulated(parts: tuple[str, ...]) -> str:
    """What was learned from simulated alerts; "" where nothing was."""
    names = [PART_WORDS[part] for part in parts]
    if not names:
        return ""
    listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    verb = "was" if len(names) == 1 else "were"
    return f"Simulated: {listed} {verb} learned from simulated alerts, in whole or in part."


def _segment(reliability: SegmentReliability) -> str:
    where = _conditions(reliability.segment)
    rate, low, high = reliability.false_positive_rate, reliability.low, reliability.high
    if rate is None or low is None or high is None:
        needed = reliability.labels_needed
        missing = f", {needed} more needed" if needed else ""
        return f"{where}: {not_known_yet(reliability.label_count)}{missing}."
    counted = f"{reliability.label_count} {_labels(reliability.label_count)}"
    return (
        f"{where}: {rounded_100(rate)} of 100 were false ({of_100_range(low, high)}), "
        f"{counted}, {reliability.state}.{_borrowed(reliability.borrowed)}"
    )


def _borrowed(share: float | None) -> str:
    """A segment with few labels borrows from what is like it, and says so."""
    if share is None or share < 0.005:
        return ""
    return (
        f" {rounded_100(share)} of 100 of this evidence is borrowed from the camera, the site, the "
        "network and like conditions."
    )


def _conditions(segment: Segment) -> str:
    parts = (
        segment.zone_kind,
        segment.lighting,
        segment.daypart,
        segment.weekday,
        segment.crowding,
    )
    known = [part.replace("_", " ") for part in parts if part]
    return f"In these conditions ({', '.join(known)})" if known else "On this camera"


def _labels(count: int) -> str:
    return "label" if count == 1 else "labels"


def _cost_lines(record: AssessmentRecord) -> tuple[CostLine, ...]:
    rows = record.decision.costs
    longest = max(row.high for row in rows if row.option is not Option.INTERVENE_UNVERIFIED)
    return tuple(_cost_line(record, row, longest) for row in rows)


def _cost_line(record: AssessmentRecord, row: CostRow, longest: float) -> CostLine:
    currency = record.inputs.cost_model.currency
    parts = (
        f"{money(row.lost_value, currency=currency)} not recovered, "
        f"{money(row.wrong_interventions, currency=currency)} wrong interventions, "
        f"{money(row.minutes_cost, currency=currency)} minutes"
    )
    return CostLine(
        option=row.option,
        words=OPTION_WORDS[row.option],
        expected=money(row.expected, currency=currency),
        interval=money_range(row.low, row.high, currency=currency),
        parts=parts,
        chosen=row.option.value == record.decision.outcome.value,
        comparison_only=row.option is Option.INTERVENE_UNVERIFIED,
        expected_share=_share(row.expected, longest),
        low_share=_share(row.low, longest),
        high_share=_share(row.high, longest),
    )


def _share(amount: float, longest: float) -> float:
    return min(amount / longest, 1.0) if longest > 0 else 0.0


def _cost_sentence(record: AssessmentRecord) -> str:
    decision, currency = record.decision, record.inputs.cost_model.currency
    if decision.strategy is None:
        return "No strategy is proposed until the model has been reviewed."
    row = decision.row(Option(decision.strategy.value))
    cost = money(row.expected, currency=currency)
    spread = money_range(row.low, row.high, currency=currency)
    start = f"{OUTCOME_WORDS[decision.outcome]}: {cost} expected cost ({spread})"
    if decision.margin is None:
        return f"{start}; the rules leave no other choice."
    margin = money(decision.margin, currency=currency)
    return f"{start}, {margin} below the next allowed choice."


def _comparison(record: AssessmentRecord) -> str:
    """What the proposal avoids against intervening unverified, which is never offered."""
    decision, currency = record.decision, record.inputs.cost_model.currency
    proposed = Option.VERIFY if decision.strategy is None else Option(decision.strategy.value)
    row = decision.row(proposed)
    if row.loss_avoided <= 0:
        return "Intervening unverified is never offered."
    avoided = money(row.loss_avoided, currency=currency)
    return (
        f"Against intervening unverified, {avoided} of expected loss is avoided: "
        f"{times(row.ratio_to_item_value)} the item's value."
    )


def _flips(record: AssessmentRecord) -> tuple[str, ...]:
    decision = record.decision
    if decision.strategy is None or decision.margin is None:
        return ("No change of costs would change this: the rules above leave no other choice.",)
    if not decision.flip_points:
        return ("No single change of rate, item value or cost would change this.",)
    currency = record.inputs.cost_model.currency
    return tuple(flip_sentence(point=point, currency=currency) for point in decision.flip_points)


def flip_sentence(*, point: FlipPoint, currency: str) -> str:
    """Return where the choice would change, in words."""
    becomes = BECOMES_WORDS[point.becomes].capitalize()
    more = "more" if point.rising else "less"
    at, now = money(point.at, currency=currency), money(point.now, currency=currency)
    if point.quantity is Quantity.ITEM_VALUE:
        return f"{becomes} would be chosen if the item were worth {more} than {at} (now {now})."
    if point.quantity is Quantity.WRONG_INTERVENTION_COST:
        return (
            f"{becomes} would be chosen if a wrong intervention cost {more} than {at} (now {now})."
        )
    fewer = "more" if point.rising else "fewer"
    return (
        f"{becomes} would be chosen if {fewer} than {of_100(point.at)} of 100 alerts like this "
        f"were false (now {of_100(point.now)})."
    )


def _priority(record: AssessmentRecord) -> str:
    decision, probability = record.decision, record.inputs.probability
    if decision.outcome is Outcome.ARCHIVE:
        return "Archived: no operator minute is spent"
    if not probability.calibrated:
        return f"Expected loss avoided / min: {not_known_yet(probability.label_count)}"
    amount = money(decision.loss_avoided_per_minute, currency=record.inputs.cost_model.currency)
    return f"{amount} expected loss avoided / min"
