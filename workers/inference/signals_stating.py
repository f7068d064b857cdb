"""A signal put into words and numbers: value, confidence, span, source, and what it is worth."""

import numpy as np

from apps.triage.wording import gettext_noop
from workers.inference.results import MeasuredSignal, Span, Track, Unit, Validity
from workers.inference.signals_series import Series, span_around_peak
from workers.inference.validity import RULES_VERSION, worth_of

SOURCE = f"reference-pose {RULES_VERSION}"

NOT_IN_VIEW = gettext_noop(
    "The joints that this needs were not seen clearly enough, or not for long enough, on this person."
)


def peak_signal(track: Track, name: str, series: Series) -> MeasuredSignal:
    """The signal at its peak, over the stretch around it that holds most of it. `series` is not empty."""
    first, last = span_around_peak(series.values)
    return stated(
        track,
        name,
        value=float(series.values.max()),
        span=Span(float(series.seconds[first]), float(series.seconds[last])),
        confidence=float(np.clip(series.trust[first : last + 1].mean(), 0.0, 1.0)),
    )


def stated(
    track: Track,
    name: str,
    *,
    value: float,
    span: Span,
    unit: Unit = Unit.SHARE,
    confidence: float | None = None,
) -> MeasuredSignal:
    """A measured value with what it is worth; without a confidence, that of the person's boxes."""
    worth = worth_of(name)
    if confidence is None:
        confidence = float(np.clip(np.mean([s.score for s in track.samples]), 0.0, 1.0))
    return MeasuredSignal(
        name=name,
        value=value,
        confidence=confidence,
        span=span,
        track=track.id,
        source=SOURCE,
        validity=worth.state,
        why=worth.why,
        unit=unit,
        figures=worth.figures,
    )


def not_seen(track: Track, name: str) -> MeasuredSignal:
    """A signal whose joints were not in view on this person."""
    return not_measurable(name, span=track.span, track=track.id, why=NOT_IN_VIEW)


def not_measurable(name: str, *, span: Span, track: int | None, why: str) -> MeasuredSignal:
    return MeasuredSignal(
        name=name,
        value=None,
        confidence=None,
        span=span,
        track=track,
        source=SOURCE,
        validity=Validity.NOT_MEASURABLE,
        why=why,
    )
