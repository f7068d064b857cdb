"""The surrogate (twin): short decision trees that imitate a detector over named signals.

There is one tree for each label that is frequent enough, and one for the others. It explains a
detector that cannot be opened: which rule an alert falls under, how many alerts fell under it
before, and how many of the labelled ones were confirmed. It is fitted on the earlier part of the
time and measured on the later part, so its fidelity is that of answers it had not seen. It reads
behaviour signals and, as conditions of the scene, lighting and crowding; never identity, looks or
place (M. Craven, J. Shavlik, *Extracting tree-structured representations of trained
networks*, NIPS 1995; O. Bastani and others, *Interpreting blackbox models via model extraction*,
2017).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from apps.triage.behaviour import is_behaviour, require_behaviour
from apps.triage.canonical import significant
from apps.triage.findings import SurrogateFinding
from apps.triage.rule_words import rule_words
from apps.triage.segments import Segment
from apps.triage.signals import Signal, evidential
from apps.triage.surrogate_evidence import Fidelity, RuleEvidence, fidelity_of, rule_evidence
from apps.triage.surrogate_tree import DEEPEST_RULE, RAISES, RuleTree, kept_tree
from apps.triage.tables import AlertTable, Bools, Floats, Labels, Texts

CONDITIONS = ("lighting", "crowding")
"""The dimensions of a segment a rule may read: how well a scene can be seen, not where it is."""


class UnableToFit(ValueError):
    """The alerts at hand do not carry a surrogate; the message says why."""


@dataclass(frozen=True, kw_only=True)
class SurrogateSettings:
    """How a surrogate is fitted, and when it is relied on.

    `raised_threshold` is the score (0..1) from which the detector counts as raising; None takes
    0.5 where at least `least_share` of the alerts lie on either side of it, else the median. A
    label of `least_alerts` fitted alerts or more has its own tree, of rules that hold for
    `least_leaf` or more. The last `held_out_share` of the alerts in time is never fitted on. Below
    `fidelity_floor`, or not surely better than always giving the more frequent answer, a surrogate
    is "not reliable".
    """

    raised_threshold: float | None = None
    depth: int = DEEPEST_RULE
    least_leaf: int = 20
    least_alerts: int = 400
    least_share: float = 0.1
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
class LabelRules:
    """The tree for alerts of one label ("": every label without its own) with what is known of it.

    `rules` holds the evidence of each leaf among `alert_count` alerts. `fidelity` is None where
    none of the later alerts was of this label.
    """

    label: str
    tree: RuleTree
    rules: tuple[RuleEvidence, ...]
    fidelity: Fidelity | None
    alert_count: int

    def __post_init__(self) -> None:
        if tuple(rule.leaf for rule in self.rules) != self.tree.leaves:
            raise ValueError("every rule has its evidence")


@dataclass(frozen=True, kw_only=True)
class Surrogate:
    """A fitted twin of one detector version ("id@version"), with what is known of it.

    Features are `signals`, then `scene`. The last of `parts` is that of the label "". `fidelity`
    is that of all parts together. `fitted_until` and `as_of` are seconds since the epoch: nothing
    later was fitted on, or looked at at all.
    """

    version: str
    detector: str
    signals: tuple[str, ...]
    scene: tuple[SceneWord, ...]
    score_threshold: float
    parts: tuple[LabelRules, ...]
    fidelity: Fidelity
    alert_count: int
    fitted_until: float
    as_of: float
    settings: SurrogateSettings

    def __post_init__(self) -> None:
        require_behaviour(self.signals)
        if not self.version:
            raise ValueError("a surrogate has a version")
        labels = [part.label for part in self.parts]
        if not labels or labels[-1] or len(labels) != len(set(labels)):
            raise ValueError("a surrogate has one part a label, and last one for every other")
        asked = {feature for part in self.parts for feature in part.tree.feature}
        if max(asked) >= len(self.features):
            raise ValueError("the tree asks for a feature that is not named")

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns the tree reads."""
        return (*self.signals, *(f"{one.dimension} {one.word}" for one in self.scene))

    @property
    def reliable(self) -> bool:
        """Whether the twin as a whole can be relied on, by the floor it was fitted with."""
        return is_reliable(self.fidelity, floor=self.settings.fidelity_floor)

    def part_of(self, label: str) -> LabelRules:
        """The rules for alerts of this label."""
        return next((part for part in self.parts if part.label == label), self.parts[-1])

    def fidelity_of(self, label: str) -> Fidelity:
        """How well alerts of this label are imitated; of all labels where that is not known."""
        return self.part_of(label).fidelity or self.fidelity

    def raises(self, table: AlertTable) -> Bools:
        """The twin's answer [n] for the alerts of `table`: would the detector raise them?"""
        return _answers(self.parts, table.label, feature_matrix(self, table))

    def explain(
        self,
        *,
        label: str,
        signals: Sequence[Signal],
        segment: Segment,
        score: float | None,
        fidelity_floor: float | None = None,
    ) -> SurrogateFinding:
        """The rule this alert falls under. `fidelity_floor` is the tenant's, if it changed since."""
        part, fidelity = self.part_of(label), self.fidelity_of(label)
        leaf = int(part.tree.leaf_of(self.row(signals=signals, segment=segment))[0])
        rule = part.rules[part.tree.leaves.index(leaf)]
        conditions = part.tree.rule(leaf, features=self.features, signal_count=len(self.signals))
        raises = part.tree.raised[leaf] >= RAISES
        floor = self.settings.fidelity_floor if fidelity_floor is None else fidelity_floor
        return SurrogateFinding(
            version=self.version,
            label=part.label,
            rule=rule_words(conditions),
            conditions=conditions,
            score_threshold=self.score_threshold,
            raises=raises,
            agrees=None if score is None else raises == (score >= self.score_threshold),
            support=rule.support,
            alert_count=part.alert_count,
            label_count=rule.label_count,
            precision=rule.precision,
            low=rule.low,
            high=rule.high,
            fidelity=fidelity.share,
            fidelity_low=fidelity.low,
            fidelity_high=fidelity.high,
            raised_fidelity=fidelity.raised_share,
            majority=fidelity.majority,
            kappa=fidelity.kappa,
            held_out=fidelity.held_out,
            fidelity_floor=floor,
            reliable=is_reliable(fidelity, floor=floor),
        )

    def row(self, *, signals: Sequence[Signal], segment: Segment) -> Floats:
        """One alert as the features [1, k] the tree reads."""
        seen = strongest(signals)
        values = [seen.get(name, math.nan) for name in self.signals]
        scene = [float(getattr(segment, one.dimension) == one.word) for one in self.scene]
        return np.array([[*values, *scene]])


def is_reliable(fidelity: Fidelity, *, floor: float) -> bool:
    """Fidelity at `floor` or above, and its interval above the majority baseline."""
    return fidelity.share >= floor and fidelity.low > fidelity.majority


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
    history = _History(
        values=values, raised=raised, early=early, names=known.label, labels=labels, as_of=as_of
    )
    parts = _parts(history, settings)
    answer = _answers(parts, known.label, values)
    return Surrogate(
        version=version,
        detector=str(known.detector[0]),
        signals=signals,
        scene=scene,
        score_threshold=threshold,
        parts=parts,
        fidelity=fidelity_of(answer=answer[~early], raised=raised[~early]),
        alert_count=len(known),
        fitted_until=float(known.at[early].max()),
        as_of=as_of,
        settings=settings,
    )


@dataclass(frozen=True, kw_only=True)
class _History:
    """What a twin is fitted and measured on, row by row; `names` [n] are the alerts' labels."""

    values: Floats
    raised: Bools
    early: Bools
    names: Texts
    labels: Labels | None
    as_of: float


def _parts(history: _History, settings: SurrogateSettings) -> tuple[LabelRules, ...]:
    """One part a label with enough fitted alerts on either side, then one for all others."""
    own = [str(name) for name in np.unique(history.names) if name]
    own = [name for name in own if _fits(history, history.names == name, settings)]
    parts = [_part(history, name, history.names == name, settings) for name in own]
    others: Bools = ~np.isin(history.names, own)
    return (*parts, _part(history, "", others, settings))


def _fits(history: _History, rows: Bools, settings: SurrogateSettings) -> bool:
    raised = history.raised[rows & history.early]
    least = min(int(raised.sum()), int((~raised).sum())) if len(raised) else 0
    return len(raised) >= settings.least_alerts and least >= settings.least_leaf


def _part(history: _History, label: str, rows: Bools, settings: SurrogateSettings) -> LabelRules:
    """The tree of these rows; fitted on all alerts where they alone are too few."""
    fitted = rows if _fits(history, rows, settings) else np.ones_like(rows)
    early, late = fitted & history.early, rows & ~history.early
    tree = _grown(history.values[early], history.raised[early], settings)
    answer = tree.raised_share(history.values[late]) >= RAISES
    return LabelRules(
        label=label,
        tree=tree,
        rules=rule_evidence(
            leaves=tree.leaves,
            leaf=tree.leaf_of(history.values[rows]),
            labels=None if history.labels is None else history.labels.where(rows),
            as_of=history.as_of,
        ),
        fidelity=fidelity_of(answer=answer, raised=history.raised[late]) if late.any() else None,
        alert_count=int(rows.sum()),
    )


def _answers(parts: Sequence[LabelRules], names: Texts, values: Floats) -> Bools:
    """The answer [n] of the part each row's label belongs to."""
    answer = parts[-1].tree.raised_share(values) >= RAISES
    for part in parts[:-1]:
        rows = names == part.label
        answer[rows] = part.tree.raised_share(values[rows]) >= RAISES
    return answer


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
