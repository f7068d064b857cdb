"""A surrogate's rule as one would say it."""

from collections.abc import Sequence

from apps.triage.findings import RuleCondition
from apps.triage.vocabulary import signal_words
from apps.triage.wording import gettext


def rule_words(conditions: Sequence[RuleCondition]) -> str:
    """The rule as one would say it: "hand to a bag ≥ 0.62 and arm reaching out < 0.4"."""
    return gettext(" and ").join(map(_condition_words, conditions)) or gettext("any alert")


def _condition_words(one: RuleCondition) -> str:
    if not one.is_signal:
        return (
            one.feature
            if one.at_least is not None
            else gettext("not %(name)s") % {"name": one.feature}
        )
    name = signal_words(one.feature)
    if not one.observed:
        return gettext("%(name)s not observed") % {"name": name}
    if one.at_least is None and one.below is None:
        return name if one.or_missing else gettext("%(name)s observed") % {"name": name}
    bounds = _bounds_words(name, one)
    return gettext("%(bounds)s or not observed") % {"bounds": bounds} if one.or_missing else bounds


def _bounds_words(name: str, one: RuleCondition) -> str:
    if one.at_least is None:
        return f"{name} < {one.below:.12g}"
    if one.below is None:
        return f"{name} ≥ {one.at_least:.12g}"
    return f"{one.at_least:.12g} ≤ {name} < {one.below:.12g}"
