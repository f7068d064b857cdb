"""What a draft does to the four golden cases: decided at once, with the points where each would flip."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop

from apps.triage.cost_model import CostModel
from apps.triage.cost_rows import CostRow
from apps.triage.decision import Decision, TriagePolicy, decide
from apps.triage.economics import Option
from apps.triage.flip_words import flip_sentence
from apps.triage.golden import GOLDEN_CASES
from apps.triage.phrasing import money, money_range
from apps.triage.reasons import sentence

OPTION_WORDS = {
    Option.ESCALATE: gettext_noop("escalate"),
    Option.VERIFY: gettext_noop("verify"),
    Option.ARCHIVE: gettext_noop("archive"),
}


@dataclass(frozen=True, kw_only=True)
class GoldenLine:
    """One case: what is expected of every cost model, what this one does, and why."""

    words: str
    expected: str
    outcome: str
    outcome_before: str
    costs: Sequence[tuple[str, str, str]]
    reasons: Sequence[str]
    flips: Sequence[str]

    @property
    def holds(self) -> bool:
        return self.outcome == self.expected


def golden_lines(
    *,
    model: CostModel,
    policy: TriagePolicy,
    active_model: CostModel,
    active_policy: TriagePolicy,
) -> list[GoldenLine]:
    """The four golden cases under a draft, beside what the active versions make of them."""
    lines = []
    for case in GOLDEN_CASES:
        decision = decide(inputs=case.inputs, model=model, policy=policy)
        before = decide(inputs=case.inputs, model=active_model, policy=active_policy)
        lines.append(
            GoldenLine(
                words=gettext(case.words),
                expected=case.outcome.value,
                outcome=decision.outcome.value,
                outcome_before=before.outcome.value,
                costs=[_cost(row, model.currency) for row in decision.costs if _offered(row)],
                reasons=[sentence(code) for code in decision.reason_codes],
                flips=_flips(decision, model.currency),
            )
        )
    return lines


def _offered(row: CostRow) -> bool:
    return row.option is not Option.INTERVENE_UNVERIFIED


def _cost(row: CostRow, currency: str) -> tuple[str, str, str]:
    return (
        gettext(OPTION_WORDS[row.option]),
        money(row.expected, currency=currency),
        money_range(row.low, row.high, currency=currency),
    )


def _flips(decision: Decision, currency: str) -> list[str]:
    if decision.margin is None:
        return [gettext("No change of costs would change this: the rules leave no other choice.")]
    if not decision.flip_points:
        return [gettext("No single change of rate, item value or cost would change this.")]
    return [flip_sentence(point=point, currency=currency) for point in decision.flip_points]
