"""A version's fields as a person reads them: their names in words, amounts with their currency, shares of 100."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from apps.reliability.queries.versions import AnyChoice, FieldChange, changes_between
from apps.triage.cost_model import CostModel
from apps.triage.phrasing import money, of_100
from apps.triage.vocabulary import label_words, signal_words

NOT_SET = "–"
_MONEY = {
    "wrong_intervention.low": "Wrong intervention, from",
    "wrong_intervention.high": "Wrong intervention, to",
    "item_value.low": "Item value, from",
    "item_value.high": "Item value, to",
    "minute_price": "An operator minute",
}
_SHARES = {
    "escalate.sensitivity": "Escalation confirms of 100 thefts",
    "escalate.specificity": "Escalation does not confirm of 100 others",
    "verify.sensitivity": "Verification confirms of 100 thefts",
    "verify.specificity": "Verification does not confirm of 100 others",
    "audit_share": "Archived alerts drawn, of 100",
    "raised_audit_share": "Drawn with one step on its own, of 100",
    "judged_first_share": "Raised alerts judged before the proposal is shown, of 100",
    "reliability_limit": "Limit of false alerts, of 100",
    "red_from": "Red from a certainty of, of 100",
    "green_up_to": "Green up to a certainty of, of 100",
    "fidelity_floor": "Agreement with the detector needed, of 100",
    "invariance_tolerance": "A score may move by, of 100",
    "fairness.largest_difference": "Largest difference between groups, of 100",
    "fairness.confidence": "Confidence of the differences, of 100",
    "fairness.alarm_error": "Chance of a false fairness alarm, of 100",
}
_PLAIN = {
    "escalate.minutes": "Minutes an escalation takes",
    "escalate.delay_minutes": "Minutes until an escalation is acted on",
    "verify.minutes": "Minutes a verification takes",
    "verify.delay_minutes": "Minutes until a verification is acted on",
    "audit_by_doubt": "More drawn of those nearly verified",
    "least_labels": "Labels needed before a state is told",
    "fairness.least_rows": "Judged alerts needed in a group",
    "fairness.largest_ratio": "Largest ratio between groups",
    "max_gap_seconds": "Longest gap, seconds",
    "order": "Order of the required steps",
    "currency": "Currency",
    "label": "Label",
    "required": "Required steps",
    "supporting": "Supporting steps",
    "recovery": "Value recovered",
    "assumed": "Still assumptions",
}
FIELD_WORDS: Mapping[str, str] = MappingProxyType({**_MONEY, **_SHARES, **_PLAIN})


@dataclass(frozen=True, kw_only=True)
class WordedChange:
    """One field, before and after, as text."""

    words: str
    before: str
    after: str


def worded_changes(before: AnyChoice | None, after: AnyChoice) -> list[WordedChange]:
    """What differs, as a before → after card shows it; everything when there is no before."""
    currency = after.currency if isinstance(after, CostModel) else ""
    return [_worded(one, currency) for one in changes_between(before, after)]


def worded_fields(value: AnyChoice) -> list[tuple[str, str]]:
    """Every field of a value in words."""
    return [(one.words, one.after) for one in worded_changes(None, value)]


def _worded(change: FieldChange, currency: str) -> WordedChange:
    return WordedChange(
        words=FIELD_WORDS.get(change.name, change.name.replace("_", " ").replace(".", ", ")),
        before=_text(change.name, change.before, currency),
        after=_text(change.name, change.after, currency),
    )


def _text(name: str, value: Any, currency: str) -> str:
    if value is None or value == []:
        return NOT_SET
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in _MONEY:
        return money(value, currency=currency)
    if name in _SHARES:
        return _hundredths(value)
    if name in ("required", "supporting"):
        return _steps(value)
    if name == "recovery":
        return "; ".join(
            f"{_hundredths(one['share'])} of 100 after {one['after_minutes']:g} min"
            for one in value
        )
    if name == "assumed":
        return ", ".join(str(one).replace("_", " ").replace(".", " ") for one in value)
    if name == "label":
        return label_words(value)
    return f"{value:g}" if isinstance(value, int | float) else str(value).replace("_", " ")


def _hundredths(value: float) -> str:
    """A share as a number of 100, with all its digits: 99.35 and not 99.4."""
    return f"{round(value * 100, 8):g}" if value else of_100(value)


def _steps(value: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{signal_words(one['signal'])} ({_counts(one)})" for one in value)


def _counts(step: Mapping[str, Any]) -> str:
    """From where a step counts, with what else it asks for."""
    said = [f"from {step['at_least']:g}"]
    if step.get("relative"):
        said[0] += " times the usual"
    if step.get("least_weight"):
        said.append(f"weight {_hundredths(step['least_weight'])} of 100 or more")
    if step.get("max_gap_seconds") is not None:
        said.append(f"within {step['max_gap_seconds']:g} s")
    return ", ".join(said)
