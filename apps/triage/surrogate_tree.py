"""A fitted decision tree as plain arrays, with our own elementwise reading of it.

scikit-learn grows the tree (L. Breiman and others, *Classification and Regression Trees*, 1984);
what is kept is this value, which any later version of any library reads alike. A threshold is the
shortest decimal between the two fitted values it separates, so the rule as written is the rule
as applied.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from apps.triage.canonical import SIGNIFICANT_DIGITS, significant
from apps.triage.findings import RuleCondition
from apps.triage.tables import Bools, Floats

Indices = npt.NDArray[np.intp]

DEEPEST_RULE = 7
RAISES = 0.5
"""A rule answers "raised" when the detector raised at least this share of the alerts under it."""
LEAF = -1


@dataclass(frozen=True, kw_only=True)
class RuleTree:
    """Nodes as parallel arrays, the root first, children behind their parents.

    A value goes left when it lies below `threshold`, else right; one that was not observed (NaN)
    goes left where `missing_left` says so. A node whose `threshold` is None asks only whether the
    signal was observed: observed goes left. In a leaf `feature`, `left` and `right` are -1.
    `raised` is the share of the `count` fitted alerts at the node which the detector raised.
    """

    feature: tuple[int, ...]
    threshold: tuple[float | None, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    missing_left: tuple[bool, ...]
    raised: tuple[float, ...]
    count: tuple[int, ...]

    def __post_init__(self) -> None:
        size = len(self.feature)
        if not size or any(len(column) != size for column in vars(self).values()):
            raise ValueError("the arrays of a tree have one length, 1 or more")
        if not all(0 <= share <= 1 for share in self.raised):
            raise ValueError("the share that was raised lies within 0..1")
        bounds = [bound for bound in self.threshold if bound is not None]
        if not all(math.isfinite(bound) for bound in bounds):
            raise ValueError("a threshold is a finite number")
        self._require_tree()

    def _require_tree(self) -> None:
        """Every node but the root has one parent before it, and no rule is too long."""
        depth = {0: 0}
        for node, feature in enumerate(self.feature):
            if node not in depth or depth[node] > DEEPEST_RULE:
                raise ValueError(f"node {node} has no parent, or lies deeper than {DEEPEST_RULE}")
            if feature == LEAF:
                continue
            if feature < 0:
                raise ValueError(f"node {node} names no feature")
            for child in (self.left[node], self.right[node]):
                if not node < child < len(self.feature) or child in depth:
                    raise ValueError(f"node {node} has a child that is not behind it alone")
                depth[child] = depth[node] + 1

    @property
    def leaves(self) -> tuple[int, ...]:
        """The nodes at which a rule ends."""
        return tuple(node for node, feature in enumerate(self.feature) if feature == LEAF)

    def leaf_of(self, values: Floats) -> Indices:
        """The leaf [n] under which each row of `values` [n, features] falls; NaN: not observed."""
        feature, left, right = (np.array(one) for one in (self.feature, self.left, self.right))
        threshold = np.array([np.inf if one is None else one for one in self.threshold])
        missing_left = np.array(self.missing_left)
        node = np.zeros(len(values), dtype=np.intp)
        moving = np.flatnonzero(feature[node] != LEAF)
        while len(moving):
            at = node[moving]
            value = values[moving, feature[at]]
            goes_left = np.where(np.isnan(value), missing_left[at], value < threshold[at])
            node[moving] = np.where(goes_left, left[at], right[at])
            moving = moving[feature[node[moving]] != LEAF]
        return node

    def raised_share(self, values: Floats) -> Floats:
        """The share [n] of alerts under the rule of each row that the detector raised, 0..1."""
        share: Floats = np.array(self.raised)[self.leaf_of(values)]
        return share

    def path_to(self, leaf: int) -> tuple[tuple[int, bool], ...]:
        """The nodes from the root to `leaf`, each with whether the path goes left there."""
        steps: list[tuple[int, bool]] = []
        node = leaf
        while node:
            parent = next(one for one in range(node) if node in (self.left[one], self.right[one]))
            steps.append((parent, self.left[parent] == node))
            node = parent
        return tuple(reversed(steps))

    def rule(
        self, leaf: int, *, features: tuple[str, ...], signal_count: int
    ) -> tuple[RuleCondition, ...]:
        """What holds exactly for the rows that end in `leaf`, one condition a feature.

        The first `signal_count` features are signals, the others conditions of the scene.
        """
        bounds: dict[int, _Bounds] = {}
        for node, goes_left in self.path_to(leaf):
            known = bounds.get(self.feature[node], _Bounds())
            bounds[self.feature[node]] = known.narrowed(
                threshold=self.threshold[node],
                left=goes_left,
                missing=self.missing_left[node] == goes_left,
            )
        return tuple(
            one.condition(features[feature], is_signal=feature < signal_count)
            for feature, one in bounds.items()
        )


@dataclass(frozen=True, kw_only=True)
class _Bounds:
    """What a path has asked of one feature so far."""

    at_least: float = -math.inf
    below: float = math.inf
    missing: bool = True
    observed: bool = True

    def narrowed(self, *, threshold: float | None, left: bool, missing: bool) -> "_Bounds":
        split = math.inf if threshold is None else threshold
        return _Bounds(
            at_least=self.at_least if left else max(self.at_least, split),
            below=min(self.below, split) if left else self.below,
            missing=self.missing and missing,
            observed=self.observed and (left or threshold is not None),
        )

    def condition(self, feature: str, *, is_signal: bool) -> RuleCondition:
        if not self.observed:
            return RuleCondition(
                feature=feature, or_missing=self.missing, observed=False, is_signal=is_signal
            )
        return RuleCondition(
            feature=feature,
            at_least=self.at_least if math.isfinite(self.at_least) else None,
            below=self.below if math.isfinite(self.below) else None,
            or_missing=self.missing,
            is_signal=is_signal,
        )


def kept_tree(*, fitted: Any, values: Floats, raised: Bools) -> RuleTree:
    """The plain tree of scikit-learn's `fitted` classifier over its own `values` and `raised`.

    Siblings that give the same answer become one leaf: the answers stay, the rules get shorter.
    """
    grown = fitted.tree_
    nodes: list[_Node] = []
    _keep(grown, 0, np.arange(len(values)), values, raised, nodes)
    return RuleTree(
        feature=tuple(node.feature for node in nodes),
        threshold=tuple(node.threshold for node in nodes),
        left=tuple(node.left for node in nodes),
        right=tuple(node.right for node in nodes),
        missing_left=tuple(node.missing_left for node in nodes),
        raised=tuple(node.raised for node in nodes),
        count=tuple(node.count for node in nodes),
    )


@dataclass(kw_only=True)
class _Node:
    raised: float
    count: int
    feature: int = LEAF
    threshold: float | None = None
    left: int = LEAF
    right: int = LEAF
    missing_left: bool = True


def _keep(
    grown: Any, at: int, rows: Indices, values: Floats, raised: Bools, nodes: list[_Node]
) -> None:
    """Append the node `at` of the grown tree, which holds `rows`, and all below it."""
    node = _Node(raised=significant(float(raised[rows].mean())), count=len(rows))
    nodes.append(node)
    if grown.children_left[at] < 0 or _answers(grown, at) in ({True}, {False}):
        return
    node.feature = int(grown.feature[at])
    value = values[rows, node.feature]
    missing = np.isnan(value)
    node.missing_left = bool(grown.missing_go_to_left[at]) if missing.any() else True
    # scikit-learn compares in single precision; so it is decided here what went left
    left = np.where(missing, node.missing_left, value.astype(np.float32) <= grown.threshold[at])
    node.threshold = _between(value[left & ~missing], value[~left & ~missing])
    node.left = len(nodes)
    _keep(grown, int(grown.children_left[at]), rows[left], values, raised, nodes)
    node.right = len(nodes)
    _keep(grown, int(grown.children_right[at]), rows[~left], values, raised, nodes)


def _answers(grown: Any, at: int) -> set[bool]:
    """The answers of the leaves at and below a node; class 1 is "raised"."""
    if grown.children_left[at] < 0:
        return {bool(grown.value[at][0][1] >= RAISES)}
    below = (grown.children_left[at], grown.children_right[at])
    return _answers(grown, below[0]) | _answers(grown, below[1])


def _between(left: Floats, right: Floats) -> float | None:
    """The shortest decimal t with max(left) < t ≤ min(right); None when all that is observed went left."""
    if not len(right):
        return None
    low, high = float(left.max()), float(right.min())
    for digits in range(1, SIGNIFICANT_DIGITS + 1):
        rounded = float(f"{low + (high - low) / 2:.{digits}g}")
        if low < rounded <= high:
            return rounded
    raise ValueError(f"{low} and {high} cannot be told apart in {SIGNIFICANT_DIGITS} digits")
