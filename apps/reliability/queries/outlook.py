"""A segment's state explained by its numbers, and what would change it."""

from dataclasses import dataclass
from uuid import UUID

from apps.reliability.models import SegmentFinding
from apps.reliability.queries.choices import active_triage_policy
from apps.triage.phrasing import rounded_100
from apps.triage.segment_outlook import Bounds, SegmentOutlook, segment_outlook
from apps.triage.segments import ReliabilityState

LEANS = "It has few labels of its own: the rate leans on its camera, its site and all sites."


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """Sentences for the screen."""

    why: str
    leans: str
    changes: tuple[str, ...]


def outlook_of(segment: SegmentFinding, *, tenant_id: UUID) -> Outlook:
    """Why the segment has its state under the tenant's active policy, and what would change it."""
    _, policy = active_triage_policy(tenant_id)
    bounds = Bounds(
        limit=policy.reliability_limit, red_from=policy.red_from, green_up_to=policy.green_up_to
    )
    few = segment.label_count < policy.least_labels
    return Outlook(
        why=_why(segment, bounds),
        leans=LEANS if few and segment.false_positive_rate is not None else "",
        changes=_changes(segment, bounds),
    )


def _why(segment: SegmentFinding, bounds: Bounds) -> str:
    if segment.state == ReliabilityState.UNKNOWN:
        return f"Too few alerts like this were judged to say how many are false: {_labels(segment.label_count)}."
    if segment.probability_above_limit is None:
        return f"{_labels(segment.label_count).capitalize()} speak for this state."
    rule = {
        ReliabilityState.RED: f"red, unreliable, from {rounded_100(bounds.red_from)} on",
        ReliabilityState.AMBER: (
            f"between {rounded_100(bounds.green_up_to)} and {rounded_100(bounds.red_from)}, so it is watched"
        ),
        ReliabilityState.GREEN: f"reliable up to {rounded_100(bounds.green_up_to)}",
    }[ReliabilityState(segment.state)]
    return (
        f"The chance that more than {rounded_100(bounds.limit)} of 100 alerts like this are false is "
        f"{rounded_100(segment.probability_above_limit)} of 100: {rule}."
    )


def _changes(segment: SegmentFinding, bounds: Bounds) -> tuple[str, ...]:
    if segment.state == ReliabilityState.UNKNOWN:
        needed = segment.labels_needed
        return (f"{_labels(needed)} more, and its state can be told.",) if needed else ()
    rate, low, high = segment.false_positive_rate, segment.low, segment.high
    if rate is None or low is None or high is None or not (0 < rate < 1 and low < high):
        return ()
    outlook = segment_outlook(rate=rate, low=low, high=high, bounds=bounds)
    return tuple(_sentences(ReliabilityState(segment.state), outlook))


def _sentences(state: ReliabilityState, outlook: SegmentOutlook) -> list[str]:
    right, false = "in a row that were not false", "in a row that were false"
    steps = {
        ReliabilityState.RED: [("no longer red", outlook.out_of_red, right)],
        ReliabilityState.AMBER: [
            ("reliable", outlook.to_green, right),
            ("red", outlook.to_red, false),
        ],
        ReliabilityState.GREEN: [("no longer reliable", outlook.out_of_green, false)],
    }[state]
    return [
        f"About {max(1, count)} more judged alerts {kind}, and it would be {becomes}."
        for becomes, count, kind in steps
        if count is not None
    ]


def _labels(count: int | None) -> str:
    return "1 label" if count == 1 else f"{count} labels"
