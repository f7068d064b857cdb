"""The behaviour model at work: tracks in, the reference detector's score out."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.inference.behaviour.features import FeatureSet, features_of, mirrored, normalised
from workers.inference.behaviour.windows import TrackWindows, smoothed, windows_of
from workers.inference.model_entries import ModelRefused
from workers.inference.registry import BEHAVIOUR, Model, Models
from workers.inference.results import BehaviourReading, Track, WindowScore

METADATA_KEY = "behaviour"
"""Under this key an ONNX file of the job holds what its user must know, as JSON (`ModelFacts`)."""

NOBODY = "Nobody was followed in this clip."
TOO_SHORT = "Nobody was followed without a gap for the 1.4 s that a window needs."
NOT_VISIBLE = "Too few joints of head, arms and hips were seen clearly enough on anybody."

LogOdds = Callable[[NDArray[np.float32]], NDArray[np.float64]]


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What the file says of itself: its features and the score from which it would raise an alert."""

    features: FeatureSet
    operating_threshold: float
    threshold_from: str

    def __post_init__(self) -> None:
        if not 0 < self.operating_threshold < 1:
            raise ValueError("a threshold lies between 0 and 1")

    def to_json(self) -> str:
        return json.dumps(
            {
                "features": self.features.value,
                "operating_threshold": self.operating_threshold,
                "threshold_from": self.threshold_from,
            }
        )


@dataclass(frozen=True, kw_only=True)
class BehaviourModel:
    """A behaviour model: `log_odds` maps features [n, F] to calibrated log-odds [n]."""

    version: str
    facts: ModelFacts
    log_odds: LogOdds

    @property
    def operating_threshold(self) -> float:
        """The score from which the detector raises; `facts.threshold_from` says where it comes from."""
        return self.facts.operating_threshold

    def read(self, tracks: Sequence[Track], *, width: int, height: int) -> BehaviourReading:
        """The score of a clip: its highest window after smoothing inside each track, of anybody.

        Without a window that can be read there is no score but a sentence saying why.
        """
        found = [windows_of(track, width=width, height=height) for track in tracks]
        windows = tuple(window for one in found for window in self._scored(one))
        if not windows:
            return BehaviourReading(version=self.version, score=None, why=_why_not(found))
        best = max(window.score for window in windows)
        return BehaviourReading(version=self.version, score=best, windows=windows)

    def window_log_odds(self, windows: TrackWindows) -> NDArray[np.float64]:
        """The model's answer for each window [n], before smoothing."""
        return self.pose_log_odds(normalised(windows.poses, features=self.facts.features))

    def pose_log_odds(self, poses: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log-odds [n] of normalised poses [n, 8, 17, 2]: the mean of both mirror images."""
        if not len(poses):
            return np.empty(0)
        n, kind = len(poses), self.facts.features
        both = features_of(np.concatenate([poses, mirrored(poses)]), features=kind)
        answers = self.log_odds(both)
        return (answers[:n] + answers[n:]) / 2

    def _scored(self, windows: TrackWindows) -> list[WindowScore]:
        answers = self.window_log_odds(windows)
        if not len(answers):
            return []
        scores = probability(smoothed(windows.centres, answers, at=windows.centres))
        return [
            WindowScore(track=windows.track, span=windows.span(k), score=float(score))
            for k, score in enumerate(scores)
        ]


def probability(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds as 0..1."""
    return 1.0 / (1.0 + np.exp(-np.clip(log_odds, -30.0, 30.0)))


def behaviour_model(models: Models) -> BehaviourModel:
    """The registered behaviour model. Raises ModelRefused when it is not as registered."""
    model = models.get(BEHAVIOUR)
    return BehaviourModel(
        version=model.entry.version, facts=facts_of(model), log_odds=lambda x: _run(model, x)
    )


def facts_of(model: Model) -> ModelFacts:
    """What the model's file says of itself. Raises ModelRefused when that is missing or nonsense."""
    stated = model.session.get_modelmeta().custom_metadata_map.get(METADATA_KEY, "")
    try:
        facts = json.loads(stated)
        return ModelFacts(
            features=FeatureSet(facts["features"]),
            operating_threshold=float(facts["operating_threshold"]),
            threshold_from=str(facts["threshold_from"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ModelRefused(
            f"Model {model.entry.id}: {model.entry.file} does not say which features it takes and from "
            f"which score it raises (metadata {METADATA_KEY!r}). Make it with manage.py train_behaviour."
        ) from error


def _run(model: Model, features: NDArray[np.float32]) -> NDArray[np.float64]:
    return model.run(features)[0][:, 0].astype(np.float64)


def _why_not(found: Sequence[TrackWindows]) -> str:
    if not found:
        return NOBODY
    return NOT_VISIBLE if any(one.unseen for one in found) else TOO_SHORT
