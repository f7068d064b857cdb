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
from apps.triage.rule_words import rule_words
from apps.triage.vocabulary import listed, signal_words
from apps.triage.wording import gettext, gettext_noop

NO_RULE = gettext_noop(
    "No surrogate model yet: no rule has been fitted to what %(detector)s raises, so none is shown."
)
NO_CLEARING = gettext_noop("Not known yet: this detector's score cannot be computed again here")
METHOD_WORDS = {
    CounterfactualMethod.MODEL: gettext_noop("scored again by the detector itself"),
    CounterfactualMethod.SURROGATE: gettext_noop("through the surrogate, not the detector itself"),
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
        return RuleLines(absent=gettext(NO_RULE) % {"detector": detector})
    return RuleLines(
        rule=_capital(rule_words(finding.conditions)),
        answer=_answer(finding),
        support=_support(finding),
        precision=_precision(finding, least_labels),
        fidelity=gettext(
            "The surrogate gave the detector's answer for %(share)s of 100 later alerts "
            "(%(interval)s), %(count)s held out."
        )
        % {
            "share": of_100(_tenths(finding.fidelity)),
            "interval": _tenths_range(finding),
            "count": f"{finding.held_out:,}",
        },
        baseline=_baseline(finding),
        not_reliable=_not_reliable(finding),
        version=finding.version,
    )


def clearing_lines(finding: CounterfactualFinding | None) -> ClearingLines:
    """What would clear the alert, with the label of the method beside every figure."""
    if finding is None:
        return ClearingLines(verdict=gettext(NO_CLEARING))
    return ClearingLines(
        verdict=_verdict(finding),
        method=_method(finding),
        scale=_scale(finding),
        score=_score_or_not(finding.score),
        chips=tuple(
            Chip(
                words=gettext("without %(signal)s") % {"signal": signal_words(one.signal)},
                score=_score_or_not(one.score),
                clears=one.score is not None and one.score < finding.threshold,
            )
            for one in finding.removals
        ),
        together=_together(finding),
        search=_search(finding),
        not_reliable=(
            gettext("Not reliable: the surrogate imitates this detector too poorly.")
            if finding.reliable is False
            else ""
        ),
    )


def _support(finding: SurrogateFinding) -> str:
    if finding.label:
        sentence = gettext("%(count)s of %(total)s alerts of this kind fell under this rule.")
    else:
        sentence = gettext("%(count)s of %(total)s alerts of the rarer kinds fell under this rule.")
    return sentence % {"count": f"{finding.support:,}", "total": f"{finding.alert_count:,}"}


def _answer(finding: SurrogateFinding) -> str:
    if finding.raises:
        mostly = gettext("Alerts under it are mostly raised (score ≥ %(score)s)")
        unlike = gettext("%(mostly)s, but this one was not: the rule does not explain it.")
    else:
        mostly = gettext("Alerts under it are mostly not raised (score ≥ %(score)s)")
        unlike = gettext("%(mostly)s, but this one was: the rule does not explain it.")
    said = {"mostly": mostly % {"score": f"{finding.score_threshold:g}"}}
    if finding.agrees is None:
        return gettext("%(mostly)s; this one came without a score.") % said
    return (gettext("%(mostly)s, as here.") if finding.agrees else unlike) % said


def _precision(finding: SurrogateFinding, least_labels: int) -> str:
    share, low, high = finding.precision, finding.low, finding.high
    known = None not in (share, low, high) and finding.label_count >= least_labels
    if not known or share is None or low is None or high is None:
        return gettext("How many of them were confirmed is %(known)s.") % {
            "known": not_known_yet(finding.label_count)
        }
    return gettext(
        "Of the labelled ones %(share)s of 100 were confirmed (%(interval)s), %(count)s labels."
    ) % {
        "share": rounded_100(share),
        "interval": of_100_range(low, high),
        "count": f"{finding.label_count:,}",
    }


def _baseline(finding: SurrogateFinding) -> str:
    always = of_100(_tenths(finding.majority))
    text = gettext(
        "Always giving the more frequent answer reaches %(share)s; Cohen's kappa %(kappa)s."
    ) % {
        "share": always,
        "kappa": f"{finding.kappa:.2f}",
    }
    if finding.raised_fidelity is None:
        return text
    raised = of_100(_tenths(finding.raised_fidelity))
    more = gettext("Of 100 that the detector raised, the surrogate raises %(count)s.")
    return f"{text} {more % {'count': raised}}"


def _not_reliable(finding: SurrogateFinding) -> str:
    if finding.reliable:
        return ""
    if finding.fidelity < finding.fidelity_floor:
        floor = of_100(finding.fidelity_floor)
        return gettext(
            "Not reliable: it agrees with the detector less often than %(floor)s of 100 times."
        ) % {"floor": floor}
    return gettext(
        "Not reliable: it is not surely better than always giving the more frequent answer."
    )


def _verdict(finding: CounterfactualFinding) -> str:
    by_rule = finding.method is CounterfactualMethod.SURROGATE
    if finding.state is CounterfactualState.FOUND:
        names = {"names": _listed(finding.smallest)}
        if by_rule:
            return gettext("By the rule, without %(names)s it is not raised") % names
        return gettext("Without %(names)s it is not raised") % names
    if finding.state is CounterfactualState.BELOW_ALREADY:
        if by_rule:
            return gettext("By the rule it is not raised at all")
        return gettext("It is below the threshold")
    if finding.state is CounterfactualState.NOT_COMPUTABLE:
        return gettext("Not known: no score could be computed")
    if not finding.removals:
        return gettext("None found: no behaviour signal was observed that could be taken away")
    return gettext("None found: taking away observed signals does not clear it")


def _method(finding: CounterfactualFinding) -> str:
    said = {"how": gettext(METHOD_WORDS[finding.method]), "version": finding.version}
    if finding.fidelity is None:
        return gettext("Worked out %(how)s (%(version)s).") % said
    return gettext(
        "Worked out %(how)s (%(version)s), which gives the detector's answer %(share)s of 100 times."
    ) % (said | {"share": of_100(_tenths(finding.fidelity))})


def _scale(finding: CounterfactualFinding) -> str:
    if finding.method is CounterfactualMethod.SURROGATE:
        sentence = gettext(
            "Share of the alerts under the rule that the detector raised; "
            "below %(threshold)s an alert is not raised."
        )
    else:
        sentence = gettext("The detector's score; below %(threshold)s an alert is not raised.")
    return sentence % {"threshold": _score(finding.threshold)}


def _together(finding: CounterfactualFinding) -> str:
    if len(finding.smallest) < 2 or finding.score_after is None:
        return ""
    return gettext("Without %(names)s together: %(score)s.") % {
        "names": _listed(finding.smallest),
        "score": _score(finding.score_after),
    }


def _search(finding: CounterfactualFinding) -> str:
    if finding.proven_smallest or not finding.removals:
        return ""
    if finding.state is CounterfactualState.FOUND:
        return gettext("Not proven smallest: too many signals to try every set.")
    return gettext("Not every set was tried: there are too many signals.")


def _listed(names: tuple[str, ...]) -> str:
    return listed([signal_words(name) for name in names])


def _score_or_not(score: float | None) -> str:
    return gettext("not known") if score is None else _score(score)


def _score(score: float) -> str:
    return f"{score:.2f}"


def _tenths(share: float) -> float:
    """Rounded down to a tenth of a percent: a figure just below a limit must not look as if on it."""
    return int(share * 1000 + 1e-9) / 1000


def _tenths_range(finding: SurrogateFinding) -> str:
    return f"{of_100(_tenths(finding.fidelity_low))}–{of_100(_tenths(finding.fidelity_high))}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
