"""The surrogate's rule and the counterfactual in words: what they say, and how far to rely on them."""

from dataclasses import dataclass

from apps.triage.findings import (
    CounterfactualFinding,
    CounterfactualMethod,
    CounterfactualState,
    SurrogateFinding,
)
from apps.triage.phrasing import of_100, of_100_range, rounded_100
from apps.triage.reasons import not_known_yet
from apps.triage.vocabulary import signal_words

NO_RULE = (
    "No surrogate model yet: no rule has been fitted to what {detector} raises, so none is shown."
)
NO_CLEARING = "Not known yet: this detector's score cannot be computed again here"
METHOD_WORDS = {
    CounterfactualMethod.MODEL: "scored again by the detector itself",
    CounterfactualMethod.SURROGATE: "through the surrogate, not the detector itself",
}


@dataclass(frozen=True, kw_only=True)
class RuleLines:
    """One alert's rule in words; every text is "" where nothing is known, and `absent` says so."""

    rule: str = ""
    answer: str = ""
    support: str = ""
    precision: str = ""
    fidelity: str = ""
    baseline: str = ""
    not_reliable: str = ""
    version: str = ""
    absent: str = ""


@dataclass(frozen=True, kw_only=True)
class Chip:
    """The score after one removal; `clears` where that alone takes the alert below the threshold."""

    words: str
    score: str
    clears: bool


@dataclass(frozen=True, kw_only=True)
class ClearingLines:
    """What would clear an alert: the verdict, the way it was worked out, and the single removals."""

    verdict: str
    method: str = ""
    scale: str = ""
    score: str = ""
    chips: tuple[Chip, ...] = ()
    together: str = ""
    search: str = ""
    not_reliable: str = ""


def rule_lines(finding: SurrogateFinding | None, *, detector: str, least_labels: int) -> RuleLines:
    """The rule; fewer than `least_labels` labels are "not known yet", whatever they say."""
    if finding is None:
        return RuleLines(absent=NO_RULE.format(detector=detector))
    return RuleLines(
        rule=_capital(finding.rule),
        answer=_answer(finding),
        support=f"{finding.support:,} of {finding.alert_count:,} {_kind(finding)} fell under this rule.",
        precision=_precision(finding, least_labels),
        fidelity=(
            f"The surrogate gave the detector's answer for {of_100(_tenths(finding.fidelity))} of 100 "
            f"later alerts ({_tenths_range(finding)}), {finding.held_out:,} held out."
        ),
        baseline=_baseline(finding),
        not_reliable=_not_reliable(finding),
        version=finding.version,
    )


def clearing_lines(finding: CounterfactualFinding | None) -> ClearingLines:
    """What would clear the alert, with the label of the method beside every figure."""
    if finding is None:
        return ClearingLines(verdict=NO_CLEARING)
    return ClearingLines(
        verdict=_verdict(finding),
        method=_method(finding),
        scale=_scale(finding),
        score="not known" if finding.score is None else _score(finding.score),
        chips=tuple(
            Chip(
                words=f"without {signal_words(one.signal)}",
                score="not known" if one.score is None else _score(one.score),
                clears=one.score is not None and one.score < finding.threshold,
            )
            for one in finding.removals
        ),
        together=_together(finding),
        search=_search(finding),
        not_reliable=(
            "Not reliable: the surrogate imitates this detector too poorly."
            if finding.reliable is False
            else ""
        ),
    )


def _kind(finding: SurrogateFinding) -> str:
    return "alerts of this kind" if finding.label else "alerts of the rarer kinds"


def _answer(finding: SurrogateFinding) -> str:
    raised = "raised" if finding.raises else "not raised"
    mostly = f"Alerts under it are mostly {raised} (score ≥ {finding.score_threshold:g})"
    if finding.agrees is None:
        return f"{mostly}; this one came without a score."
    if finding.agrees:
        return f"{mostly}, as here."
    here = "was not" if finding.raises else "was"
    return f"{mostly}, but this one {here}: the rule does not explain it."


def _precision(finding: SurrogateFinding, least_labels: int) -> str:
    share, low, high = finding.precision, finding.low, finding.high
    known = None not in (share, low, high) and finding.label_count >= least_labels
    if not known or share is None or low is None or high is None:
        return f"How many of them were confirmed is {not_known_yet(finding.label_count)}."
    return (
        f"Of the labelled ones {rounded_100(share)} of 100 were confirmed "
        f"({of_100_range(low, high)}), {finding.label_count:,} labels."
    )


def _baseline(finding: SurrogateFinding) -> str:
    always = of_100(_tenths(finding.majority))
    text = f"Always giving the more frequent answer reaches {always}; Cohen's kappa {finding.kappa:.2f}."
    if finding.raised_fidelity is None:
        return text
    raised = of_100(_tenths(finding.raised_fidelity))
    return f"{text} Of 100 that the detector raised, the surrogate raises {raised}."


def _not_reliable(finding: SurrogateFinding) -> str:
    if finding.reliable:
        return ""
    if finding.fidelity < finding.fidelity_floor:
        floor = of_100(finding.fidelity_floor)
        return f"Not reliable: it agrees with the detector less often than {floor} of 100 times."
    return "Not reliable: it is not surely better than always giving the more frequent answer."


def _verdict(finding: CounterfactualFinding) -> str:
    by_rule = finding.method is CounterfactualMethod.SURROGATE
    if finding.state is CounterfactualState.FOUND:
        names = _listed(finding.smallest)
        return _capital(f"{'by the rule, ' if by_rule else ''}without {names} it is not raised")
    if finding.state is CounterfactualState.BELOW_ALREADY:
        return "By the rule it is not raised at all" if by_rule else "It is below the threshold"
    if finding.state is CounterfactualState.NOT_COMPUTABLE:
        return "Not known: no score could be computed"
    if not finding.removals:
        return "None found: no behaviour signal was observed that could be taken away"
    return "None found: taking away observed signals does not clear it"


def _method(finding: CounterfactualFinding) -> str:
    text = f"Worked out {METHOD_WORDS[finding.method]} ({finding.version})"
    if finding.fidelity is None:
        return f"{text}."
    return f"{text}, which gives the detector's answer {of_100(_tenths(finding.fidelity))} of 100 times."


def _scale(finding: CounterfactualFinding) -> str:
    if finding.method is CounterfactualMethod.SURROGATE:
        return (
            "Share of the alerts under the rule that the detector raised; "
            f"below {_score(finding.threshold)} an alert is not raised."
        )
    return f"The detector's score; below {_score(finding.threshold)} an alert is not raised."


def _together(finding: CounterfactualFinding) -> str:
    if len(finding.smallest) < 2 or finding.score_after is None:
        return ""
    return f"Without {_listed(finding.smallest)} together: {_score(finding.score_after)}."


def _search(finding: CounterfactualFinding) -> str:
    if finding.proven_smallest or not finding.removals:
        return ""
    if finding.state is CounterfactualState.FOUND:
        return "Not proven smallest: too many signals to try every set."
    return "Not every set was tried: there are too many signals."


def _listed(names: tuple[str, ...]) -> str:
    words = [signal_words(name) for name in names]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _score(score: float) -> str:
    return f"{score:.2f}"


def _tenths(share: float) -> float:
    """Rounded down to a tenth of a percent: a figure just below a limit must not look as if on it."""
    return int(share * 1000 + 1e-9) / 1000


def _tenths_range(finding: SurrogateFinding) -> str:
    return f"{of_100(_tenths(finding.fidelity_low))}–{of_100(_tenths(finding.fidelity_high))}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
