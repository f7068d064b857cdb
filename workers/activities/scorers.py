"""Who can be asked to score an alert's frames again: our own detector, or the external one behind its source."""

from collections.abc import Sequence
from typing import Final

from apps.alerts.intake import PERSON
from apps.alerts.models import Alert
from apps.alerts.operations.rescoring import endpoint_of
from apps.alerts.rescoring import Picture, UnableToRescore
from workers.inference.adapter import AdapterScorer
from workers.inference.behaviour.scorer import ReferenceScorer
from workers.inference.limits import ClipLimits
from workers.inference.registry import process_models
from workers.inference.results import REFERENCE_DETECTOR, Track
from workers.inference.scoring import Scorer, UnableToScore

NO_RESCORING: Final = (
    "This detector cannot be asked to score changed frames, so it is not known whether its score "
    "depends on appearance."
)


class NoScorer(UnableToScore):
    """Nobody can be asked about this alert's frames. `str()` is a sentence for the record."""


def scorer_of(
    *, alert: Alert, tracks: Sequence[Track], width: int, height: int, limits: ClipLimits
) -> Scorer:
    """The detector whose score the alert has, or will have: load the alert with its source. Raises NoScorer."""
    if is_our_own(alert):
        return ReferenceScorer(
            models=process_models(), tracks=tracks, width=width, height=height, limits=limits
        )
    source = alert.source
    if source is None or not source.rescore_url:
        raise NoScorer(NO_RESCORING)
    try:
        endpoint = endpoint_of(source)
    except UnableToRescore as problem:
        raise NoScorer(str(problem)) from None

    def ask(frames: Sequence[Picture]) -> float:
        try:
            return endpoint.ask(frames)
        except UnableToRescore as problem:
            raise UnableToScore(str(problem)) from None

    return AdapterScorer(name=f"adapter of {alert.detector_id} {alert.detector_version}", ask=ask)


def is_our_own(alert: Alert) -> bool:
    """The reference detector's alert: scored by it, or raised by a person without a score."""
    by_hand = alert.detector_id == PERSON and alert.score is None
    return by_hand or (alert.detector_id == REFERENCE_DETECTOR and alert.source_id is None)
