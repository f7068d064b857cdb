"""A segment's state explained by its numbers, and what would change it."""

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext, gettext_noop, ngettext

from apps.reliability.models import SegmentFinding
from apps.reliability.queries.choices import active_triage_policy
from apps.triage.phrasing import rounded_100
from apps.triage.segment_outlook import Bounds, SegmentOutlook, segment_outlook
from apps.triage.segments import ReliabilityState

LEANS = gettext_noop(
    "It has few labels of its own: the rate leans on its camera, its site and all sites."
)
_BECOMES = {
    "not_red": gettext_noop(
        "About %(count)s more judged alerts in a row that were not false, and it would be no longer red."
    ),
    "green": gettext_noop(
        "About %(count)s more judged alerts in a row that were not false, and it would be reliable."
    ),
    "red": gettext_noop(
        "About %(count)s more judged alerts in a row that were false, and it would be red."
    ),
    "not_green": gettext_noop(
        "About %(count)s more judged alerts in a row that were false, and it would be no longer reliable."
    ),
}


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
        leans=gettext(LEANS) if few and segment.false_positive_rate is not None else "",
        changes=_changes(segment, bounds),
    )


def _why(segment: SegmentFinding, bounds: Bounds) -> str:
    if segment.state == ReliabilityState.UNKNOWN:
        return gettext(
            "Too few alerts like this were judged to say how many are false: %(labels)s."
        ) % {"labels": _labels(segment.label_count)}
    if segment.probability_above_limit is None:
        return gettext("%(labels)s speak for this state.") % {
            "labels": _labels(segment.label_count).capitalize()
        }
    rule = {
        ReliabilityState.RED: gettext("red, unreliable, from %(red)s on"),
        ReliabilityState.AMBER: gettext("between %(green)s and %(red)s, so it is watched"),
        ReliabilityState.GREEN: gettext("reliable up to %(green)s"),
    }[ReliabilityState(segment.state)]
    ends = {"red": rounded_100(bounds.red_from), "green": rounded_100(bounds.green_up_to)}
    return gettext(
        "The chance that more than %(limit)s of 100 alerts like this are false is %(chance)s of 100: %(rule)s."
    ) % {
        "limit": rounded_100(bounds.limit),
        "chance": rounded_100(segment.probability_above_limit),
        "rule": rule % ends,
    }


def _changes(segment: SegmentFinding, bounds: Bounds) -> tuple[str, ...]:
    if segment.state == ReliabilityState.UNKNOWN:
        needed = segment.labels_needed
        if not needed:
            return ()
        more = gettext("%(labels)s more, and its state can be told.") % {"labels": _labels(needed)}
        return (more,)
    rate, low, high = segment.false_positive_rate, segment.low, segment.high
    if rate is None or low is None or high is None or not (0 < rate < 1 and low < high):
        return ()
    outlook = segment_outlook(rate=rate, low=low, high=high, bounds=bounds)
    return tuple(_sentences(ReliabilityState(segment.state), outlook))


def _sentences(state: ReliabilityState, outlook: SegmentOutlook) -> list[str]:
    steps = {
        ReliabilityState.RED: [("not_red", outlook.out_of_red)],
        ReliabilityState.AMBER: [
            ("green", outlook.to_green),
            ("red", outlook.to_red),
        ],
        ReliabilityState.GREEN: [("not_green", outlook.out_of_green)],
    }[state]
    return [
        gettext(_BECOMES[becomes]) % {"count": max(1, count)}
        for becomes, count in steps
        if count is not None
    ]


def _labels(count: int | None) -> str:
    return ngettext("%(count)s label", "%(count)s labels", count or 0) % {"count": count}
