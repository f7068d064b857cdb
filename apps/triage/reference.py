"""The tables of `docs/triage.md`, made from the code they describe.

`fill` renews them in the text of the document; a test fails when the committed text differs.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from apps.triage.cost_model import SOURCES, CostModel, Judgement, MoneyRange, default_cost_model
from apps.triage.decision import DEFAULT_TRIAGE_POLICY, Decision, decide
from apps.triage.economics import Option
from apps.triage.flips import FlipPoint, Quantity
from apps.triage.golden import GOLDEN_CASES
from apps.triage.phrasing import money, of_100
from apps.triage.probability import UNIFORM_PRIOR
from apps.triage.reasons import ReasonCode, sentence
from apps.triage.sequence import SHIPPED_POLICIES, Step
from apps.triage.vocabulary import label_words

_BLOCK = re.compile(r"(<!-- begin (?P<name>[a-z-]+) -->\n).*?(<!-- end (?P=name) -->)", re.DOTALL)


def fill(text: str) -> str:
    """Return `text` with every `<!-- begin name -->…<!-- end name -->` block renewed."""
    return _BLOCK.sub(lambda found: f"{found[1]}{TABLES[found['name']]()}{found[3]}", text)


def defaults_table() -> str:
    """The shipped cost model: every parameter, its value, whether it is an assumption, its source."""
    model = default_cost_model()
    values = _values(model)
    rows = [
        (f"`{name}`", values[name], _status(model, name), source)
        for name, source in SOURCES.items()
    ]
    return _table(("parameter", "default", "status", "source"), rows)


def policy_table() -> str:
    """The shipped triage policy and prior."""
    policy, prior = DEFAULT_TRIAGE_POLICY, UNIFORM_PRIOR
    share, raised = of_100(policy.audit_share), of_100(policy.raised_audit_share)
    rows = [
        ("blind audit of archived alerts", f"{share} of 100", "assumption", policy.version),
        ("the same after an isolated step", f"{raised} of 100", "assumption", policy.version),
        (
            "P(theft) before calibration",
            f"{prior.mean:g} ({prior.low:g}–{prior.high:g})",
            "assumption",
            f"{prior.version}. {prior.source}",
        ),
    ]
    return _table(("choice", "default", "status", "version and source"), rows)


def golden_table() -> str:
    """The four golden cases under the shipped defaults: costs, choice, and where each flips."""
    model = default_cost_model()
    rows = []
    for case in GOLDEN_CASES:
        decision = decide(inputs=case.inputs, model=model)
        costs = [_cost(decision, option, model) for option in _COLUMNS]
        rows.append((case.words, *costs, f"**{decision.outcome}**", _flips(decision, model)))
    head = ("case", *(option.value.replace("_", " ") for option in _COLUMNS), "proposed", "flips")
    return _table(head, rows)


def reasons_table() -> str:
    """The reason codes in the order of evaluation, with their sentences."""
    rows = [
        (str(place), f"`{code}`", sentence(code)) for place, code in enumerate(ReasonCode, start=1)
    ]
    return _table(("", "code", "sentence"), rows)


def sequences_table() -> str:
    """The shipped sequence policies."""
    rows = [
        (
            f"`{detector}`" if detector else "every other",
            f"`{policy.label}`",
            label_words(policy.label),
            " → ".join(_step(step) for step in policy.required),
            ", ".join(_step(step) for step in policy.supporting),
            f"{policy.max_gap_seconds:g} s",
            f"`{policy.version}`",
        )
        for (detector, _), policy in SHIPPED_POLICIES.items()
    ]
    return _table(
        ("detector", "label", "act", "required", "supporting", "longest gap", "version"), rows
    )


TABLES: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "defaults": defaults_table,
        "policy": policy_table,
        "golden": golden_table,
        "reasons": reasons_table,
        "sequences": sequences_table,
    }
)

_COLUMNS = (Option.ESCALATE, Option.VERIFY, Option.ARCHIVE, Option.INTERVENE_UNVERIFIED)
_QUANTITIES = {
    Quantity.FALSE_POSITIVE_RATE: "false positives",
    Quantity.ITEM_VALUE: "item",
    Quantity.WRONG_INTERVENTION_COST: "wrong intervention",
}


def _values(model: CostModel) -> dict[str, str]:
    return {
        "wrong_intervention": _range(model.wrong_intervention, model),
        "item_value": _range(model.item_value, model),
        "minute_price": money(model.minute_price, currency=model.currency),
        **_judgement("escalate", model.escalate),
        **_judgement("verify", model.verify),
        "recovery": ", ".join(
            f"{point.share:g} after {point.after_minutes:g} min" for point in model.recovery
        ),
    }


def _judgement(name: str, judgement: Judgement) -> dict[str, str]:
    return {
        f"{name}.minutes": f"{judgement.minutes:g} min",
        f"{name}.delay_minutes": f"{judgement.delay_minutes:g} min",
        f"{name}.sensitivity": f"{judgement.sensitivity:g}",
        f"{name}.specificity": f"{judgement.specificity:g}",
    }


def _range(amount: MoneyRange, model: CostModel) -> str:
    low, high, mean = (
        money(value, currency=model.currency) for value in (amount.low, amount.high, amount.mean)
    )
    return f"{low}–{high}, mean {mean}"


def _status(model: CostModel, name: str) -> str:
    return "assumption" if name in model.assumed else "measured"


def _cost(decision: Decision, option: Option, model: CostModel) -> str:
    row = decision.row(option)
    expected, low, high = (
        money(value, currency=model.currency) for value in (row.expected, row.low, row.high)
    )
    return f"{expected} ({low}–{high})"


def _flips(decision: Decision, model: CostModel) -> str:
    return "; ".join(_flip(point, model) for point in decision.flip_points)


def _flip(point: FlipPoint, model: CostModel) -> str:
    sign = ">" if point.rising else "<"
    at = money(point.at, currency=model.currency)
    if point.quantity is Quantity.FALSE_POSITIVE_RATE:
        at = f"{of_100(point.at)}%"
    return f"{_QUANTITIES[point.quantity]} {sign} {at} → {point.becomes}"


def _step(step: Step) -> str:
    return f"`{step.signal}` ≥ {step.at_least:g}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
