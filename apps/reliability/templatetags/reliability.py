"""Template words of the reliability pages: rates in words, intervals and trends as small drawings.

Every drawing is hidden from screen readers and stands beside the figures it shows.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, gettext_noop

from apps.triage.decision import Outcome
from apps.triage.phrasing import of_100_range, rounded_100
from apps.triage.reasons import not_known_yet
from apps.triage.segments import Drift

register = template.Library()

HEAT_FROM = (0.1, 0.2, 0.3, 0.45, 0.6)
DRIFT_WORDS = {
    Drift.RISING.value: gettext_noop("rising"),
    Drift.FALLING.value: gettext_noop("falling"),
    Drift.STEADY.value: gettext_noop("steady"),
    Drift.UNKNOWN.value: gettext_noop("unknown"),
}
OUTCOME_WORDS = {
    Outcome.ARCHIVE.value: gettext_noop("archive"),
    Outcome.VERIFY.value: gettext_noop("verify"),
    Outcome.ESCALATE.value: gettext_noop("escalate"),
    Outcome.MODEL_REVIEW.value: gettext_noop("model review"),
}
_EMPTY = mark_safe("")


@register.filter
def of_100(rate: float | None) -> str:
    """A rate 0..1 as a whole number of 100."""
    return gettext("not known yet") if rate is None else rounded_100(rate)


@register.filter
def share_100(rate: float | None) -> float | None:
    """A rate 0..1 as a number of 100, not rounded; None where it is not known."""
    return None if rate is None else 100 * rate


@register.filter
def heat(rate: float | None) -> int:
    """How warm a cell is, 0 to 5; 0 also where nothing is known."""
    return 0 if rate is None else sum(rate >= start for start in HEAT_FROM)


@register.simple_tag
def false_of_100(rate: float | None, low: float | None, high: float | None, labels: int) -> str:
    """ "14 of 100 alerts like this were false (9–21)", or that it is not known yet."""
    if rate is None or low is None or high is None:
        return gettext("How many alerts like this are false is %(known)s") % {
            "known": not_known_yet(labels)
        }
    return gettext("%(rate)s of 100 alerts like this were false (%(interval)s)") % {
        "rate": rounded_100(rate),
        "interval": of_100_range(low, high),
    }


@register.simple_tag
def range_of_100(low: float | None, high: float | None) -> str:
    """An interval of rates as "9–21"."""
    return "" if low is None or high is None else of_100_range(low, high)


@register.filter
def week_words(week: str) -> str:
    """ "2026-W47" or a Monday "2026-11-16" as "16 Nov 2026"; anything else as it is."""
    try:
        monday = date.fromisoformat(f"{week}-1" if "W" in week else week)
    except ValueError:
        return week
    return date_format(monday, "j M Y")


@register.filter
def points(difference: float) -> str:
    """A difference of rates in points of 100, with its sign: "+3.1", "−0.4"."""
    size = f"{abs(difference) * 100:.1f}"
    if size == "0.0":
        return "0.0"
    return f"{'+' if difference > 0 else '−'}{size}"


@register.filter
def q_words(q_value: float | None) -> str:
    """A q value to three places: "0.034", "< 0.001"; a dash where there is none."""
    if q_value is None:
        return "–"
    return "< 0.001" if q_value < 0.001 else f"{q_value:.3f}"


@register.filter
def drift_words(drift: str) -> str:
    """Where a rate went over the last weeks, or that it is not known yet."""
    if drift in ("", Drift.UNKNOWN):
        return gettext("drift not known yet")
    return gettext("drift: %(drift)s") % {"drift": drift_word(drift)}


@register.filter
def drift_word(drift: str) -> str:
    """One stored word of a drift in the reader's language."""
    return gettext(DRIFT_WORDS.get(drift, drift)) if drift else ""


@register.filter
def outcome_word(outcome: str) -> str:
    """What triage decided, as a word inside a table."""
    return gettext(OUTCOME_WORDS.get(outcome, outcome))


@register.filter
def as_times(ratio: float | None) -> str:
    """A ratio as "1.8×"; a dash where there is none."""
    return "–" if ratio is None else f"{ratio:.1f}×"


@register.simple_tag
def rate_lane(
    rate: float | None,
    low: float | None,
    high: float | None,
    reference: float | None = None,
    tolerance: float | None = None,
    longest: float = 1.0,
) -> SafeString:
    """A rate as a dot on its interval, from 0 to `longest`; with the overall rate and its tolerance."""
    if rate is None or low is None or high is None:
        return _EMPTY
    return format_html(
        '<svg class="lane" aria-hidden="true">{}{}'
        '<line class="lane-interval" x1="{}%" x2="{}%" y1="10" y2="10"/>'
        '<circle class="lane-dot" cx="{}%" cy="10" r="4"/></svg>',
        _band(reference, tolerance, longest),
        _reference(reference, longest),
        *(_percent(value, longest) for value in (low, high, rate)),
    )


@register.simple_tag
def sparkline(values: Sequence[float | None], longest: float = 1.0) -> SafeString:
    """A row of values as a line, from 0 to `longest`; a missing value leaves a gap, a lone one is a dash."""
    if sum(value is not None for value in values) < 2:
        return _EMPTY
    step = 100 / (len(values) - 1)
    drawn = format_html_join(
        "",
        '<polyline points="{}" vector-effect="non-scaling-stroke"/>',
        ((_polyline(run, step, longest),) for run in _runs(values)),
    )
    return format_html(
        '<svg class="spark" viewBox="0 0 104 24" preserveAspectRatio="none" aria-hidden="true">{}</svg>',
        drawn,
    )


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """The stretches of known values, each with its places."""
    runs: list[list[tuple[int, float]]] = [[]]
    for place, value in enumerate(values):
        if value is not None:
            runs[-1].append((place, value))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _polyline(run: Sequence[tuple[int, float]], step: float, longest: float) -> str:
    points = [
        (step * place, 22 - 20 * min(1.0, value / longest if longest else 0.0))
        for place, value in run
    ]
    if len(points) == 1:
        x, y = points[0]
        points = [(max(0.0, x - 2), y), (x + 2, y)]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


@register.inclusion_tag("reliability/_pages.html")
def pages(page: Any, address: str) -> dict[str, Any]:
    """Links to the pages before and after, with the filters kept."""
    return {"page": page, "address": address}


def _reference(reference: float | None, longest: float) -> SafeString:
    if reference is None:
        return _EMPTY
    at = _percent(reference, longest)
    return format_html('<line class="lane-reference" x1="{0}%" x2="{0}%" y1="0" y2="20"/>', at)


def _band(reference: float | None, tolerance: float | None, longest: float) -> SafeString:
    if reference is None or tolerance is None:
        return _EMPTY
    start, end = max(0.0, reference - tolerance), min(longest, reference + tolerance)
    return format_html(
        '<rect class="lane-band" x="{}%" y="0" width="{}%" height="20"/>',
        _percent(start, longest),
        _percent(end - start, longest),
    )


def _percent(value: float, longest: float) -> str:
    return f"{100 * min(1.0, value / longest):.2f}"
