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
from apps.triage.flip_words import flip_sentence
from apps.triage.phrasing import (
    money,
    money_range,
    of_100_range,
    rounded_100,
    times,
)
from apps.triage.probability import TheftProbability
from apps.triage.reasons import not_known_yet, sentence
from apps.triage.recorded_words import recorded
from apps.triage.segments import Drift, ReliabilityState, Segment, SegmentReliability
from apps.triage.sequence import SequenceFinding, SequenceState
from apps.triage.signals import Signal, ValidityState
from apps.triage.vocabulary import IN_SECONDS, condition_words, label_words, listed, signal_words
from apps.triage.wording import gettext, gettext_noop, ngettext

OPTION_WORDS = {
    Option.INTERVENE_UNVERIFIED: gettext_noop("Intervene unverified"),
    Option.ESCALATE: gettext_noop("Escalate now"),
    Option.VERIFY: gettext_noop("Verify the clip first"),
    Option.ARCHIVE: gettext_noop("Archive"),
}
OUTCOME_WORDS = {
    Outcome.ESCALATE: gettext_noop("Escalate now"),
    Outcome.VERIFY: gettext_noop("Verify the clip first"),
    Outcome.ARCHIVE: gettext_noop("Archive"),
    Outcome.MODEL_REVIEW: gettext_noop("Review the model"),
}
SEQUENCE_WORDS = {
    SequenceState.COMPLETE: gettext_noop("complete sequence"),
    SequenceState.INCOMPLETE: gettext_noop("incomplete sequence"),
    SequenceState.ISOLATED: gettext_noop("isolated step"),
    SequenceState.UNKNOWN: gettext_noop("sequence not known"),
}
WEIGHT_WORDS = {
    ValidityState.MEASURED: gettext_noop("measured"),
    ValidityState.STATED_BY_DETECTOR: gettext_noop("as stated by the detector"),
    ValidityState.NO_EVIDENTIAL_WEIGHT: gettext_noop("observed, no evidential weight"),
    ValidityState.NOT_MEASURABLE: gettext_noop("not measurable"),
}


DRIFT_WORDS = {
    Drift.STEADY: gettext_noop("Drift: none found over the last weeks."),
    Drift.RISING: gettext_noop("Drift: more alerts are false here than some weeks ago."),
    Drift.FALLING: gettext_noop("Drift: fewer alerts are false here than some weeks ago."),
    Drift.UNKNOWN: gettext_noop("Drift: not known yet."),
}
RELIABILITY_WORDS = {
    ReliabilityState.GREEN: gettext_noop("green"),
    ReliabilityState.AMBER: gettext_noop("amber"),
    ReliabilityState.RED: gettext_noop("red"),
    ReliabilityState.UNKNOWN: gettext_noop("unknown"),
}
PART_WORDS = {
    "probability": gettext_noop("the probability"),
    "reliability": gettext_noop("the reliability of these conditions"),
    "surrogate": gettext_noop("the rule"),
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
        what_happened=f"{label_words(inputs.label)} · {gettext(SEQUENCE_WORDS[record.sequence.state])}",
        sequence=_sequence(record.sequence),
        signals=_signal_lines(inputs.signals),
        trust=_trust(inputs.probability),
        segment=_segment(inputs.reliability),
        verdict=gettext(OUTCOME_WORDS[decision.outcome]),
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
        drift=gettext(DRIFT_WORDS[inputs.reliability.drift]),
        clearing=clearing_lines(inputs.counterfactual),
        simulated=_simulated(inputs.simulated),
    )


def _sequence(finding: SequenceFinding) -> str:
    reason = recorded(finding.reason)
    if finding.stated:
        return gettext("%(reason)s, as stated by the detector.") % {"reason": reason}
    return f"{reason}."


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
        weight=gettext(WEIGHT_WORDS[signal.validity.state]),
        why=recorded(why),
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
    return gettext("%(times)s what is usual in these conditions") % {
        "times": times(signal.value / mean)
    }


def _trust(probability: TheftProbability) -> str:
    rate = rounded_100(probability.false_positive_rate)
    interval = of_100_range(1 - probability.high, 1 - probability.low)
    if probability.calibrated:
        return gettext("%(rate)s of 100 alerts like this were false (%(interval)s).") % {
            "rate": rate,
            "interval": interval,
        }
    known = not_known_yet(probability.label_count)
    return gettext(
        "How many alerts like this are false is %(known)s. "
        "The costs assume %(rate)s of 100 (%(interval)s)."
    ) % {"known": known, "rate": rate, "interval": interval}


def _basis(probability: TheftProbability) -> str:
    if probability.calibrated:
        count = probability.label_count
        return ngettext(
            "Calibrated on %(count)s label, version %(version)s.",
            "Calibrated on %(count)s labels, version %(version)s.",
            count,
        ) % {"count": f"{count:,}", "version": probability.version}
    return gettext(
        "Nothing has been learned for this detector version yet, so an assumption stands in its "
        "place: %(version)s."
    ) % {"version": probability.version}


def _simulated(parts: tuple[str, ...]) -> str:
    """What was learned from simulated alerts; "" where nothing was."""
    names = [gettext(PART_WORDS[part]) for part in parts]
    if not names:
        return ""
    return ngettext(
        "Simulated: %(parts)s was learned from simulated alerts, in whole or in part.",
        "Simulated: %(parts)s were learned from simulated alerts, in whole or in part.",
        len(names),
    ) % {"parts": listed(names)}


def _segment(reliability: SegmentReliability) -> str:
    where = _conditions(reliability.segment)
    rate, low, high = reliability.false_positive_rate, reliability.low, reliability.high
    if rate is None or low is None or high is None:
        needed = reliability.labels_needed
        missing = gettext(", %(count)s more needed") % {"count": needed} if needed else ""
        return f"{where}: {not_known_yet(reliability.label_count)}{missing}."
    sentence = ngettext(
        "%(where)s: %(rate)s of 100 were false (%(interval)s), %(count)s label, %(state)s.",
        "%(where)s: %(rate)s of 100 were false (%(interval)s), %(count)s labels, %(state)s.",
        reliability.label_count,
    ) % {
        "where": where,
        "rate": rounded_100(rate),
        "interval": of_100_range(low, high),
        "count": reliability.label_count,
        "state": gettext(RELIABILITY_WORDS[reliability.state]),
    }
    return sentence + _borrowed(reliability.borrowed)


def _borrowed(share: float | None) -> str:
    """A segment with few labels borrows from what is like it, and says so."""
    if share is None or share < 0.005:
        return ""
    return " " + gettext(
        "%(share)s of 100 of this evidence is borrowed from the camera, the site, the "
        "network and like conditions."
    ) % {"share": rounded_100(share)}


def _conditions(segment: Segment) -> str:
    parts = (
        segment.zone_kind,
        segment.lighting,
        segment.daypart,
        segment.weekday,
        segment.crowding,
    )
    known = [condition_words(part) for part in parts if part]
    if not known:
        return gettext("On this camera")
    return gettext("In these conditions (%(conditions)s)") % {"conditions": ", ".join(known)}


def _cost_lines(record: AssessmentRecord) -> tuple[CostLine, ...]:
    rows = record.decision.costs
    longest = max(row.high for row in rows if row.option is not Option.INTERVENE_UNVERIFIED)
    return tuple(_cost_line(record, row, longest) for row in rows)


def _cost_line(record: AssessmentRecord, row: CostRow, longest: float) -> CostLine:
    currency = record.inputs.cost_model.currency
    parts = gettext(
        "%(lost)s not recovered, %(wrong)s wrong interventions, %(minutes)s minutes"
    ) % {
        "lost": money(row.lost_value, currency=currency),
        "wrong": money(row.wrong_interventions, currency=currency),
        "minutes": money(row.minutes_cost, currency=currency),
    }
    return CostLine(
        option=row.option,
        words=gettext(OPTION_WORDS[row.option]),
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
        return gettext("No strategy is proposed until the model has been reviewed.")
    row = decision.row(Option(decision.strategy.value))
    cost = money(row.expected, currency=currency)
    spread = money_range(row.low, row.high, currency=currency)
    said = {"choice": gettext(OUTCOME_WORDS[decision.outcome]), "cost": cost, "spread": spread}
    if decision.margin is None:
        return (
            gettext(
                "%(choice)s: %(cost)s expected cost (%(spread)s); the rules leave no other choice."
            )
            % said
        )
    return gettext(
        "%(choice)s: %(cost)s expected cost (%(spread)s), %(margin)s below the next allowed choice."
    ) % (said | {"margin": money(decision.margin, currency=currency)})


def _comparison(record: AssessmentRecord) -> str:
    """What the proposal avoids against intervening unverified, which is never offered."""
    decision, currency = record.decision, record.inputs.cost_model.currency
    proposed = Option.VERIFY if decision.strategy is None else Option(decision.strategy.value)
    row = decision.row(proposed)
    if row.loss_avoided <= 0:
        return gettext("Intervening unverified is never offered.")
    avoided = money(row.loss_avoided, currency=currency)
    return gettext(
        "Against intervening unverified, %(avoided)s of expected loss is avoided: "
        "%(times)s the item's value."
    ) % {"avoided": avoided, "times": times(row.ratio_to_item_value)}


def _flips(record: AssessmentRecord) -> tuple[str, ...]:
    decision = record.decision
    if decision.strategy is None or decision.margin is None:
        return (
            gettext("No change of costs would change this: the rules above leave no other choice."),
        )
    if not decision.flip_points:
        return (gettext("No single change of rate, item value or cost would change this."),)
    currency = record.inputs.cost_model.currency
    return tuple(flip_sentence(point=point, currency=currency) for point in decision.flip_points)


def _priority(record: AssessmentRecord) -> str:
    decision, probability = record.decision, record.inputs.probability
    if decision.outcome is Outcome.ARCHIVE:
        return gettext("Archived: no operator minute is spent")
    if not probability.calibrated:
        known = not_known_yet(probability.label_count)
        return gettext("Expected loss avoided / min: %(known)s") % {"known": known}
    amount = money(decision.loss_avoided_per_minute, currency=record.inputs.cost_model.currency)
    return gettext("%(amount)s expected loss avoided / min") % {"amount": amount}
