"""The surrogate (twin): a short decision tree that imitates a detector over named signals.

It explains a detector that cannot be opened: which rule an alert falls under, how many alerts fell
under it before, and how many of the labelled ones were confirmed. It is fitted on the earlier part
of the time and measured on the later part, so its fidelity is that of answers it had not seen. It
reads behaviour signals and, as conditions of the scene, lighting and crowding; never identity,
looks or place (M. Craven, J. Shavlik, *Extracting tree-structured representations of trained
networks*, NIPS 1995; O. Bastani and others, *Interpreting blackbox models via model extraction*,
2017).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from apps.triage.behaviour import is_behaviour, require_behaviour
from apps.triage.canonical import significant
from apps.triage.findings import RuleCondition, SurrogateFinding
from apps.triage.segments import Segment
from apps.triage.signals import Signal, evidential
from apps.triage.surrogate_evidence import Fidelity, RuleEvidence, fidelity_of, rule_evidence
from apps.triage.surrogate_tree import DEEPEST_RULE, RAISES, RuleTree, kept_tree
from apps.triage.tables import AlertTable, Bools, Floats, Labels
from apps.triage.vocabulary import signal_words

CONDITIONS = ("lighting", "crowding")
"""The dimensions of a segment a rule may read: how well a scene can be seen, not where it is."""


class UnableToFit(ValueError):
    """The alerts at hand do not carry a surrogate; the message says why."""


@dataclass(frozen=True, kw_only=True)
class SurrogateSettings:
    """How a surrogate is fitted, and when it is relied on.

    `raised_threshold` is the score (0..1) from which the detector counts as raising; None takes
    0.5 where at least `least_share` of the alerts lie on either side of it, else the median. The
    last `held_out_share` of the alerts in time is never fitted on. Below `fidelity_floor`, or not
    surely better than always giving the more frequent answer, a surrogate is "not reliable".
    """

    raised_threshold: float | None = None
    depth: int = DEEPEST_RULE
    least_leaf: int = 20
    least_alerts: int = 400
    least_share: float = 0.02
    held_out_share: float = 0.25
    conditions: tuple[str, ...] = CONDITIONS
    fidelity_floor: float = 0.9

    def __post_init__(self) -> None:
        if not 1 <= self.depth <= DEEPEST_RULE:
            raise ValueError(f"a rule is 1 to {DEEPEST_RULE} questions deep")
        if self.raised_threshold is not None and not 0 <= self.raised_threshold <= 1:
            raise ValueError("a score threshold lies within 0..1")
        if self.least_leaf < 1 or self.least_alerts < 2 * self.least_leaf:
            raise ValueError("at least two rules' worth of alerts are needed")
        if not 0 < self.held_out_share < 1 or not 0 <= self.least_share < 0.5:
            raise ValueError("0 < held-out share < 1 and 0 ≤ least share < 0.5 are needed")
        if not 0 <= self.fidelity_floor <= 1:
            raise ValueError("a fidelity floor lies within 0..1")
        if not set(self.conditions) <= set(CONDITIONS):
            raise ValueError(f"a rule may read the conditions {', '.join(CONDITIONS)} and no other")


DEFAULT_SURROGATE_SETTINGS = SurrogateSettings()


@dataclass(frozen=True, kw_only=True)
class SceneWord:
    """A condition of the scene as a feature: 1 where the dimension has this word, else 0."""

    dimension: str
    word: str

    def __post_init__(self) -> None:
        if self.dimension not in CONDITIONS or not self.word:
            raise ValueError("a condition is a word for lighting or crowding")


@dataclass(frozen=True, kw_only=True)
class Surrogate:
    """A fitted twin of one detector version ("id@version"), with what is known of it.

    Features are `signals`, then `scene`. `rules` holds the evidence of each leaf. `fitted_until`
    and `as_of` are seconds since the epoch: nothing later was fitted on, or looked at at all.
    """

    version: str
    detector: str
    signals: tuple[str, ...]
    scene: tuple[SceneWord, ...]
    score_threshold: float
    tree: RuleTree
    rules: tuple[RuleEvidence, ...]
    fidelity: Fidelity
    alert_count: int
    fitted_until: float
    as_of: float
    settings: SurrogateSettings

    def __post_init__(self) -> None:
        require_behaviour(self.signals)
        if not self.version:
            raise ValueError("a surrogate has a version")
        if any(feature >= len(self.features) for feature in self.tree.feature):
            raise ValueError("the tree asks for a feature that is not named")
        if tuple(rule.leaf for rule in self.rules) != self.tree.leaves:
            raise ValueError("every rule has its evidence")

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns the tree reads."""
        return (*self.signals, *(f"{one.dimension} {one.word}" for one in self.scene))

    @property
    def reliable(self) -> bool:
        return self.is_reliable(floor=self.settings.fidelity_floor)

    def is_reliable(self, *, floor: float) -> bool:
        """Fidelity at `floor` or above, its interval above the majority baseline."""
        return self.fidelity.share >= floor and self.fidelity.low > self.fidelity.majority

    def raises(self, table: AlertTable) -> Bools:
        """The twin's answer [n] for the alerts of `table`: would the detector raise them?"""
        answer: Bools = self.tree.raised_share(feature_matrix(self, table)) >= RAISES
        return answer

    def explain(
        self,
        *,
        signals: Sequence[Signal],
        segment: Segment,
        score: float | None,
        fidelity_floor: float | None = None,
    ) -> SurrogateFinding:
        """The rule this alert falls under. `fidelity_floor` is the tenant's, if it changed since."""
        leaf = int(self.tree.leaf_of(self.row(signals=signals, segment=segment))[0])
        rule = self.rules[self.tree.leaves.index(leaf)]
        conditions = self.tree.rule(leaf, features=self.features, signal_count=len(self.signals))
        raises = self.tree.raised[leaf] >= RAISES
        floor = self.settings.fidelity_floor if fidelity_floor is None else fidelity_floor
        return SurrogateFinding(
            version=self.version,
            rule=rule_words(conditions),
            conditions=conditions,
            score_threshold=self.score_threshold,
            raises=raises,
            agrees=None if score is None else raises == (score >= self.score_threshold),
            support=rule.support,
            alert_count=self.alert_count,
            label_count=rule.label_count,
            precision=rule.precision,
            low=rule.low,
            high=rule.high,
            fidelity=self.fidelity.share,
            fidelity_low=self.fidelity.low,
            fidelity_high=self.fidelity.high,
            raised_fidelity=self.fidelity.raised_share,
            majority=self.fidelity.majority,
            kappa=self.fidelity.kappa,
            held_out=self.fidelity.held_out,
            fidelity_floor=floor,
            reliable=self.is_reliable(floor=floor),
        )

    def row(self, *, signals: Sequence[Signal], segment: Segment) -> Floats:
        """One alert as the features [1, k] the tree reads."""
        seen = strongest(signals)
        values = [seen.get(name, math.nan) for name in self.signals]
        scene = [float(getattr(segment, one.dimension) == one.word) for one in self.scene]
        return np.array([[*values, *scene]])


def strongest(signals: Sequence[Signal]) -> Mapping[str, float]:
    """The largest value of each name among the signals with evidential weight."""
    found: dict[str, float] = {}
    for signal in evidential(signals):
        if signal.value is not None:
            found[signal.name] = max(signal.value, found.get(signal.name, -math.inf))
    return found


def feature_matrix(surrogate: Surrogate, table: AlertTable) -> Floats:
    """The features [n, k] the tree reads; a signal that the table lacks was not observed."""
    return _matrix(table, surrogate.signals, surrogate.scene)


def rule_words(conditions: Sequence[RuleCondition]) -> str:
    """The rule as one would say it: "hand to a bag ≥ 0.62 and arm reaching out < 0.4"."""
    return " and ".join(map(_condition_words, conditions)) or "any alert"


def fit_surrogate(
    *,
    table: AlertTable,
    labels: Labels | None = None,
    as_of: float,
    version: str,
    settings: SurrogateSettings = DEFAULT_SURROGATE_SETTINGS,
) -> Surrogate:
    """Fit the twin of the one detector version in `table` on what was received by `as_of`.

    `labels`, row by row those of `table`, say how many alerts under each rule were confirmed; only
    verdicts known by `as_of` count. Alerts without a score are left out. Raises `UnableToFit`.
    """
    rows = np.flatnonzero((table.at <= as_of) & ~np.isnan(table.score))
    rows = rows[np.argsort(table.at[rows], kind="stable")]
    known, labels = table.where(rows), None if labels is None else labels.where(rows)
    _require_enough(known, settings)
    early = _early(known, settings)
    threshold = _threshold(known.score[early], settings)
    raised = known.score >= threshold
    if len(np.unique(raised[early])) < 2:
        raise UnableToFit(f"all scores lie on one side of {threshold:g}: nothing to imitate")
    signals = tuple(name for name in known.signal_names if is_behaviour(name))
    scene = _scene(known.where(early), settings)
    values = _matrix(known, signals, scene)
    tree = _grown(values[early], raised[early], settings)
    leaf, answer = tree.leaf_of(values), tree.raised_share(values) >= RAISES
    return Surrogate(
        version=version,
        detector=str(known.detector[0]),
        signals=signals,
        scene=scene,
        score_threshold=threshold,
        tree=tree,
        rules=rule_evidence(leaves=tree.leaves, leaf=leaf, labels=labels, as_of=as_of),
        fidelity=fidelity_of(answer=answer[~early], raised=raised[~early]),
        alert_count=len(known),
        fitted_until=float(known.at[early].max()),
        as_of=as_of,
        settings=settings,
    )


def _require_enough(known: AlertTable, settings: SurrogateSettings) -> None:
    if len(known) < settings.least_alerts:
        raise UnableToFit(
            f"{len(known)} alerts with a score are known, {settings.least_alerts} are needed"
        )
    if len(np.unique(known.detector)) > 1:
        raise UnableToFit("a surrogate imitates one detector version, and here are several")


def _early(known: AlertTable, settings: SurrogateSettings) -> Bools:
    """What is fitted on: the earlier alerts, whole moments only, so that nothing later is seen."""
    until = known.at[math.ceil(len(known) * (1 - settings.held_out_share)) - 1]
    early: Bools = known.at <= until
    if early.all():
        raise UnableToFit("no later alerts are left to measure the fidelity on")
    return early


def _threshold(scores: Floats, settings: SurrogateSettings) -> float:
    if settings.raised_threshold is not None:
        return significant(settings.raised_threshold)
    share = float((scores >= 0.5).mean())
    if settings.least_share <= share <= 1 - settings.least_share:
        return 0.5
    return significant(float(np.median(scores)))


def _scene(known: AlertTable, settings: SurrogateSettings) -> tuple[SceneWord, ...]:
    return tuple(
        SceneWord(dimension=dimension, word=str(word))
        for dimension in settings.conditions
        for word in np.unique(known.segments[dimension])
        if word
    )


def _matrix(table: AlertTable, signals: Sequence[str], scene: Sequence[SceneWord]) -> Floats:
    missing = np.full(len(table), np.nan)
    at = {name: index for index, name in enumerate(table.signal_names)}
    columns = [table.signals[:, at[name]] if name in at else missing for name in signals]
    columns += [(table.segments[one.dimension] == one.word).astype(float) for one in scene]
    return np.column_stack(columns) if columns else np.empty((len(table), 0))


def _grown(values: Floats, raised: Bools, settings: SurrogateSettings) -> RuleTree:
    """The tree over the fitted alerts. The same alerts in any order give the same tree."""
    from sklearn.tree import DecisionTreeClassifier

    if not values.shape[1]:
        raise UnableToFit("no behaviour signal was observed: nothing to imitate the detector with")
    grown = DecisionTreeClassifier(
        criterion="entropy",
        max_depth=settings.depth,
        min_samples_leaf=settings.least_leaf,
        random_state=0,
    )
    return kept_tree(fitted=grown.fit(values, raised), values=values, raised=raised)


def _condition_words(one: RuleCondition) -> str:
    if not one.is_signal:
        return one.feature if one.at_least is not None else f"not {one.feature}"
    name = signal_words(one.feature)
    if not one.observed:
        return f"{name} not observed"
    if one.at_least is None and one.below is None:
        return name if one.or_missing else f"{name} observed"
    return f"{_bounds_words(name, one)}{' or not observed' if one.or_missing else ''}"


def _bounds_words(name: str, one: RuleCondition) -> str:
    if one.at_least is None:
        return f"{name} < {one.below:.12g}"
    if one.below is None:
        return f"{name} ≥ {one.at_least:.12g}"
    return f"{one.at_least:.12g} ≤ {name} < {one.below:.12g}"
