"""Sequence policies: which observed steps, in which order and how close, make a label's sequence.

A policy answers `complete`, `incomplete`, `isolated` or `unknown`, with the reason in words. Only
signals with evidential weight count; one without it changes nothing. A step that cannot be measured
leaves the answer unknown. A completeness that rests on a detector's own statement says "stated".
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from apps.triage.canonical import significant
from apps.triage.decoding import SINCE_2
from apps.triage.signals import Signal, ValidityState, evidential
from apps.triage.vocabulary import signal_words
from apps.triage.wording import gettext_noop

MOST_REQUIRED = 5


class SequenceState(StrEnum):
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    ISOLATED = "isolated"
    UNKNOWN = "unknown"


class Order(StrEnum):
    """Whether the required steps must follow each other as listed."""

    AS_LISTED = "as_listed"
    ANY = "any"


@dataclass(frozen=True, kw_only=True)
class Step:
    """A signal that counts as observed from the value `at_least` on, in the signal's own unit.

    With `relative`, `at_least` is a multiple of what the signal usually measures in the alert's
    segment; where that is not known or not above 0, the step cannot be told. `least_weight` asks
    for a validity so far above its null (`Validity.weight`, 0..1). `max_gap_seconds` bounds the
    time since the step before, None as the policy says.
    """

    signal: str
    at_least: float = 0.5
    relative: bool = field(default=False, metadata=SINCE_2)
    least_weight: float = field(default=0.0, metadata=SINCE_2)
    max_gap_seconds: float | None = field(default=None, metadata=SINCE_2)

    def __post_init__(self) -> None:
        if not self.signal or not math.isfinite(self.at_least):
            raise ValueError(
                gettext_noop("a step names its signal and a finite value from which it counts")
            )
        if self.relative and self.at_least <= 0:
            raise ValueError(gettext_noop("a multiple of the usual value is above 0"))
        if not 0 <= self.least_weight <= 1:
            raise ValueError(gettext_noop("the least weight of a step lies within 0..1"))
        gap = self.max_gap_seconds
        if gap is not None and not (math.isfinite(gap) and gap >= 0):
            raise ValueError(
                gettext_noop("the longest gap is a finite number of seconds, 0 or more")
            )

    def observed_in(self, signals: Iterable[Signal]) -> tuple[Signal, ...]:
        """The occurrences of this step among `signals`."""
        return tuple(
            signal
            for signal in signals
            if signal.name == self.signal
            and signal.value is not None
            and signal.validity.weight >= self.least_weight
            and self._reached_by(signal.value, signal.segment_mean)
        )

    def cannot_be_told_from(self, signal: Signal) -> bool:
        """Whether `signal` is this step's, but what is usual for it is not known."""
        return signal.name == self.signal and self.relative and not _usable(signal.segment_mean)

    def _reached_by(self, value: float, mean: float | None) -> bool:
        if not self.relative:
            return value >= self.at_least
        return mean is not None and mean > 0 and value >= significant(self.at_least * mean)


@dataclass(frozen=True, kw_only=True)
class SequencePolicy:
    """The sequence of one label; versioned, so that a stored assessment can be recomputed.

    `max_gap_seconds` bounds the time from the end of one required step to the start of the next.
    """

    version: str
    label: str
    required: tuple[Step, ...]
    supporting: tuple[Step, ...] = ()
    order: Order = Order.AS_LISTED
    max_gap_seconds: float = 30.0

    def __post_init__(self) -> None:
        if not self.version or not self.label:
            raise ValueError(gettext_noop("a sequence policy has a version and a label"))
        if not 1 <= len(self.required) <= MOST_REQUIRED:
            raise ValueError(f"a sequence needs 1 to {MOST_REQUIRED} required steps")
        names = [step.signal for step in (*self.required, *self.supporting)]
        if len(names) != len(set(names)):
            raise ValueError(gettext_noop("a signal appears at most once in a sequence policy"))
        if not math.isfinite(self.max_gap_seconds) or self.max_gap_seconds < 0:
            raise ValueError(
                gettext_noop("the longest gap is a finite number of seconds, 0 or more")
            )


@dataclass(frozen=True, kw_only=True)
class SequenceFinding:
    """What a policy found: the state, the reason in words, and the signals by how they counted.

    `stated` is True where a counted step rests on a detector's own statement of validity.
    """

    state: SequenceState
    reason: str
    policy_version: str = ""
    observed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    without_weight: tuple[str, ...] = ()
    not_measurable: tuple[str, ...] = ()
    stated: bool = False


def judge_sequence(*, policy: SequencePolicy | None, signals: Sequence[Signal]) -> SequenceFinding:
    """Return what `policy` makes of `signals`; without a policy for the label it is unknown.

    Steps seen on different people never make one sequence: each track is judged by itself, together
    with the signals that name no track, and the most telling finding stands.
    """
    if policy is None:
        reason = gettext_noop("No sequence policy exists for this label")
        return _finding(SequenceState.UNKNOWN, reason, policy=None, signals=signals)
    findings = [_judge_one_person(policy, group) for group in _by_person(signals)]
    return replace(
        max(findings, key=_how_telling),
        without_weight=_named(signals, ValidityState.NO_EVIDENTIAL_WEIGHT),
        not_measurable=_named(signals, ValidityState.NOT_MEASURABLE),
    )


def policy_for(label: str, *, policies: Iterable[SequencePolicy]) -> SequencePolicy | None:
    """Return the policy of `label`, or None: an unknown label has an unknown sequence."""
    return next((policy for policy in policies if policy.label == label), None)


def _by_person(signals: Sequence[Signal]) -> Sequence[Sequence[Signal]]:
    tracks = sorted({one.track for one in evidential(signals) if one.track is not None})
    if not tracks:
        return [signals]
    return [[one for one in signals if one.track in (None, track)] for track in tracks]


def _how_telling(finding: SequenceFinding) -> int:
    """A sequence that might be whole tells more than a step on its own; nothing seen tells least."""
    if not finding.observed:
        return 0
    return (
        SequenceState.ISOLATED,
        SequenceState.UNKNOWN,
        SequenceState.INCOMPLETE,
        SequenceState.COMPLETE,
    ).index(finding.state) + 1


def _judge_one_person(policy: SequencePolicy, signals: Sequence[Signal]) -> SequenceFinding:
    counted = evidential(signals)
    if not any(step.observed_in(counted) for step in (*policy.required, *policy.supporting)):
        reason = gettext_noop("No step of the sequence was observed with evidential weight")
        return _finding(SequenceState.UNKNOWN, reason, policy=policy, signals=signals)
    missing = tuple(step for step in policy.required if not step.observed_in(counted))
    if missing:
        return _with_missing_steps(policy, signals, missing)
    return _with_all_steps(policy, signals)


def _with_missing_steps(
    policy: SequencePolicy, signals: Sequence[Signal], missing: Sequence[Step]
) -> SequenceFinding:
    unseeable = {
        signal.name for signal in signals if signal.validity.state is ValidityState.NOT_MEASURABLE
    }
    names = _list_words(step.signal for step in missing)
    untold = {
        step.signal for step in missing if any(map(step.cannot_be_told_from, evidential(signals)))
    }
    if untold and all(step.signal in unseeable | untold for step in missing):
        reason = f"What is usual at this place is not known yet, so it cannot be told: {names}"
        return _finding(SequenceState.UNKNOWN, reason, policy=policy, signals=signals)
    if all(step.signal in unseeable for step in missing):
        reason = f"Not measurable in this footage: {names}"
        return _finding(SequenceState.UNKNOWN, reason, policy=policy, signals=signals)
    counted = evidential(signals)
    steps = [step for step in policy.required if step.observed_in(counted)]
    beside = [step for step in policy.supporting if step.observed_in(counted)]
    if steps and len(steps) + len(beside) > 1:
        reason = f"Not observed: {names}"
        return _finding(SequenceState.INCOMPLETE, reason, policy=policy, signals=signals)
    seen = _list_words(step.signal for step in (*steps, *beside))
    reason = f"Observed on its own: {seen}. Not observed: {names}"
    return _finding(SequenceState.ISOLATED, reason, policy=policy, signals=signals)


def _with_all_steps(policy: SequencePolicy, signals: Sequence[Signal]) -> SequenceFinding:
    counted = evidential(signals)
    occurrences = [step.observed_in(counted) for step in policy.required]
    if len(occurrences) == 1:
        reason = gettext_noop("The one required step was observed")
        return _finding(SequenceState.COMPLETE, reason, policy=policy, signals=signals)
    timed = [tuple(one for one in many if one.start_seconds is not None) for many in occurrences]
    if not all(timed):
        reason = gettext_noop("All steps were observed, but not when: their order is not known")
        return _finding(SequenceState.UNKNOWN, reason, policy=policy, signals=signals)
    if any(_chains(order, gaps) for order, gaps in _orders(policy, timed)):
        reason = gettext_noop("All steps were observed in order")
        if policy.order is Order.ANY:
            reason = gettext_noop("All steps were observed, in any order")
        return _finding(SequenceState.COMPLETE, reason, policy=policy, signals=signals)
    gaps = " or ".join(f"{gap:g} s" for gap in sorted(set(_gaps_that_count(policy))))
    reason = f"All steps were observed, but not one after the other within {gaps}"
    return _finding(SequenceState.INCOMPLETE, reason, policy=policy, signals=signals)


def _gaps(policy: SequencePolicy) -> tuple[float, ...]:
    """The longest gap before each required step; the first of an order has none before it."""
    return tuple(
        policy.max_gap_seconds if step.max_gap_seconds is None else step.max_gap_seconds
        for step in policy.required
    )


def _gaps_that_count(policy: SequencePolicy) -> tuple[float, ...]:
    return _gaps(policy) if policy.order is Order.ANY else _gaps(policy)[1:]


def _orders(
    policy: SequencePolicy, timed: Sequence[tuple[Signal, ...]]
) -> Iterable[tuple[Sequence[tuple[Signal, ...]], Sequence[float]]]:
    """The orders that are allowed, each step with the longest gap before it."""
    gaps = _gaps(policy)
    if policy.order is not Order.ANY:
        return [(timed, gaps)]
    steps = itertools.permutations(zip(timed, gaps, strict=True))
    return [([one for one, _ in order], [gap for _, gap in order]) for order in steps]


def _chains(steps: Sequence[tuple[Signal, ...]], gaps: Sequence[float]) -> bool:
    """Is there one occurrence of each step such that each starts after, and soon after, the last?

    Forward reachability: at most (occurrences)² comparisons a step, however many are sent.
    """
    reached = list(steps[0])
    for step, gap in zip(steps[1:], gaps[1:], strict=True):
        reached = [
            later for later in step if any(_follows(earlier, later, gap) for earlier in reached)
        ]
    return bool(reached)


def _follows(earlier: Signal, later: Signal, max_gap_seconds: float) -> bool:
    if earlier.start_seconds is None or earlier.end_seconds is None or later.start_seconds is None:
        return False
    forward = earlier.start_seconds <= later.start_seconds
    return forward and later.start_seconds - earlier.end_seconds <= max_gap_seconds


def _finding(
    state: SequenceState,
    reason: str,
    *,
    policy: SequencePolicy | None,
    signals: Sequence[Signal],
) -> SequenceFinding:
    steps = (*policy.required, *policy.supporting) if policy else ()
    counted = [one for step in steps for one in step.observed_in(evidential(signals))]
    observed = _names(counted)
    required = policy.required if policy else ()
    return SequenceFinding(
        state=state,
        reason=reason,
        policy_version=policy.version if policy else "",
        observed=observed,
        missing=tuple(step.signal for step in required if step.signal not in observed),
        without_weight=_named(signals, ValidityState.NO_EVIDENTIAL_WEIGHT),
        not_measurable=_named(signals, ValidityState.NOT_MEASURABLE),
        stated=any(one.validity.state is ValidityState.STATED_BY_DETECTOR for one in counted),
    )


def _usable(mean: float | None) -> bool:
    return mean is not None and mean > 0


def _named(signals: Iterable[Signal], state: ValidityState) -> tuple[str, ...]:
    return _names(signal for signal in signals if signal.validity.state is state)


def _names(signals: Iterable[Signal]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(signal.name for signal in signals))


def _list_words(names: Iterable[str]) -> str:
    return ", ".join(signal_words(name) for name in names)


def _policy(
    label: str,
    *,
    required: Sequence[str],
    supporting: Sequence[str],
    max_gap_seconds: float,
    detector: str = "",
) -> SequencePolicy:
    return SequencePolicy(
        version=f"{label}@{detector}-1" if detector else f"{label}-1",
        label=label,
        required=tuple(Step(signal=name) for name in required),
        supporting=tuple(Step(signal=name) for name in supporting),
        max_gap_seconds=max_gap_seconds,
    )


DEFAULT_POLICIES: tuple[SequencePolicy, ...] = (
    _policy(
        "item_to_bag",
        required=("item_taken", "item_to_bag"),
        supporting=("reach", "hand_to_bag"),
        max_gap_seconds=30,
    ),
    _policy(
        "item_to_clothing",
        required=("item_taken", "item_to_clothing"),
        supporting=("reach", "hand_to_torso", "crouch"),
        max_gap_seconds=30,
    ),
    _policy(
        "checkout_skip",
        required=("item_taken", "checkout_passed", "exit_reached"),
        supporting=("item_in_hand",),
        max_gap_seconds=900,
    ),
    _policy(
        "item_not_scanned",
        required=("item_at_scanner", "item_to_bagging_area"),
        supporting=("scanner_covered",),
        max_gap_seconds=20,
    ),
)

REFERENCE = "reference-behaviour"
"""The detector id of our own detector. It reads poses: acts of a thing it cannot see stay required, so that its
alerts answer "unknown" for them and never "complete"."""

REFERENCE_POLICIES: tuple[SequencePolicy, ...] = (
    _policy(
        "item_to_bag",
        required=("reach_to_shelf", "hand_to_bag"),
        supporting=("reach", "reach_and_return", "crouch"),
        max_gap_seconds=30,
        detector=REFERENCE,
    ),
    _policy(
        "item_to_clothing",
        required=("reach_to_shelf", "item_transfer"),
        supporting=("reach", "reach_and_return", "hand_to_torso", "hand_stays_at_torso", "crouch"),
        max_gap_seconds=30,
        detector=REFERENCE,
    ),
    _policy(
        "checkout_skip",
        required=("item_transfer", "exit_without_checkout"),
        supporting=("reach_to_shelf", "exit_reached"),
        max_gap_seconds=900,
        detector=REFERENCE,
    ),
)

SHIPPED_POLICIES: Mapping[tuple[str, str], SequencePolicy] = MappingProxyType(
    {("", policy.label): policy for policy in DEFAULT_POLICIES}
    | {(REFERENCE, policy.label): policy for policy in REFERENCE_POLICIES}
)
"""By (detector id, label); detector "" is every other detector."""
