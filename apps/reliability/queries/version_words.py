"""A version's fields as a person reads them: their names in words, amounts with their currency, shares of 100."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext, gettext_noop

from apps.reliability.queries.versions import AnyChoice, FieldChange, changes_between
from apps.triage.cost_model import CostModel
from apps.triage.phrasing import money, of_100
from apps.triage.vocabulary import label_words, signal_words

NOT_SET = "–"
_MONEY = {
    "wrong_intervention.low": gettext_noop("Wrong intervention, from"),
    "wrong_intervention.high": gettext_noop("Wrong intervention, to"),
    "item_value.low": gettext_noop("Item value, from"),
    "item_value.high": gettext_noop("Item value, to"),
    "minute_price": gettext_noop("An operator minute"),
}
_SHARES = {
    "escalate.sensitivity": gettext_noop("Escalation confirms of 100 thefts"),
    "escalate.specificity": gettext_noop("Escalation does not confirm of 100 others"),
    "verify.sensitivity": gettext_noop("Verification confirms of 100 thefts"),
    "verify.specificity": gettext_noop("Verification does not confirm of 100 others"),
    "audit_share": gettext_noop("Archived alerts drawn, of 100"),
    "raised_audit_share": gettext_noop("Drawn with one step on its own, of 100"),
    "judged_first_share": gettext_noop("Raised alerts judged before the proposal is shown, of 100"),
    "reliability_limit": gettext_noop("Limit of false alerts, of 100"),
    "red_from": gettext_noop("Red from a certainty of, of 100"),
    "green_up_to": gettext_noop("Green up to a certainty of, of 100"),
    "fidelity_floor": gettext_noop("Agreement with the detector needed, of 100"),
    "invariance_tolerance": gettext_noop("A score may move by, of 100"),
    "fairness.largest_difference": gettext_noop("Largest difference between groups, of 100"),
    "fairness.confidence": gettext_noop("Confidence of the differences, of 100"),
    "fairness.alarm_error": gettext_noop("Chance of a false fairness alarm, of 100"),
}
_PLAIN = {
    "escalate.minutes": gettext_noop("Minutes an escalation takes"),
    "escalate.delay_minutes": gettext_noop("Minutes until an escalation is acted on"),
    "verify.minutes": gettext_noop("Minutes a verification takes"),
    "verify.delay_minutes": gettext_noop("Minutes until a verification is acted on"),
    "audit_by_doubt": gettext_noop("More drawn of those nearly verified"),
    "least_labels": gettext_noop("Labels needed before a state is told"),
    "fairness.least_rows": gettext_noop("Judged alerts needed in a group"),
    "fairness.largest_ratio": gettext_noop("Largest ratio between groups"),
    "max_gap_seconds": gettext_noop("Longest gap, seconds"),
    "order": gettext_noop("Order of the required steps"),
    "currency": gettext_noop("Currency"),
    "label": gettext_noop("Label"),
    "required": gettext_noop("Required steps"),
    "supporting": gettext_noop("Supporting steps"),
    "recovery": gettext_noop("Value recovered"),
    "assumed": gettext_noop("Still assumptions"),
}
ASSUMED_WORDS = {
    "wrong_intervention": gettext_noop("wrong intervention"),
    "item_value": gettext_noop("item value"),
    "minute_price": gettext_noop("minute price"),
    "escalate.minutes": gettext_noop("escalate minutes"),
    "escalate.delay_minutes": gettext_noop("escalate delay minutes"),
    "escalate.sensitivity": gettext_noop("escalate sensitivity"),
    "escalate.specificity": gettext_noop("escalate specificity"),
    "verify.minutes": gettext_noop("verify minutes"),
    "verify.delay_minutes": gettext_noop("verify delay minutes"),
    "verify.sensitivity": gettext_noop("verify sensitivity"),
    "verify.specificity": gettext_noop("verify specificity"),
    "recovery": gettext_noop("recovery"),
}
_ORDERS = (gettext_noop("as listed"), gettext_noop("any"))
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
        words=gettext(
            FIELD_WORDS.get(change.name, change.name.replace("_", " ").replace(".", ", "))
        ),
        before=_text(change.name, change.before, currency),
        after=_text(change.name, change.after, currency),
    )


def _text(name: str, value: Any, currency: str) -> str:
    if value is None or value == []:
        return NOT_SET
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if name in _MONEY:
        return money(value, currency=currency)
    if name in _SHARES:
        return _hundredths(value)
    if name in ("required", "supporting"):
        return _steps(value)
    if name == "recovery":
        return "; ".join(
            gettext("%(share)s of 100 after %(minutes)s min")
            % {"share": _hundredths(one["share"]), "minutes": f"{one['after_minutes']:g}"}
            for one in value
        )
    if name == "assumed":
        return ", ".join(
            gettext(ASSUMED_WORDS.get(str(one), str(one).replace("_", " ").replace(".", " ")))
            for one in value
        )
    if name == "label":
        return label_words(value)
    if isinstance(value, int | float):
        return f"{value:g}"
    return gettext(str(value).replace("_", " ")) if value else ""


def _hundredths(value: float) -> str:
    """A share as a number of 100, with all its digits: 99.35 and not 99.4."""
    return f"{round(value * 100, 8):g}" if value else of_100(value)


def _steps(value: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{signal_words(one['signal'])} ({_counts(one)})" for one in value)


def _counts(step: Mapping[str, Any]) -> str:
    """From where a step counts, with what else it asks for."""
    least = (
        gettext("from %(value)s times the usual")
        if step.get("relative")
        else gettext("from %(value)s")
    )
    said = [least % {"value": f"{step['at_least']:g}"}]
    if step.get("least_weight"):
        weight = _hundredths(step["least_weight"])
        said.append(gettext("weight %(weight)s of 100 or more") % {"weight": weight})
    if step.get("max_gap_seconds") is not None:
        said.append(gettext("within %(seconds)s s") % {"seconds": f"{step['max_gap_seconds']:g}"})
    return ", ".join(said)
