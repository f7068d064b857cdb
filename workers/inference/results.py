"""What an analysis says: frozen values that validate themselves, and their JSON form."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

SCHEMA_VERSION = 2

REFERENCE_DETECTOR = "reference-behaviour"
"""The detector id under which our own score is recorded and calibrated."""


class Validity(StrEnum):
    """Whether a signal may count."""

    MEASURED = "measured"
    NO_EVIDENTIAL_WEIGHT = "no_evidential_weight"
    NOT_MEASURABLE = "not_measurable"


class Unit(StrEnum):
    """What a signal's value counts: how much of the act, 0..1, or seconds."""

    SHARE = "share"
    SECONDS = "seconds"


class Lighting(StrEnum):
    DAY = "day"
    DIM = "dim"
    DARK = "dark"


class Crowding(StrEnum):
    EMPTY = "empty"
    SPARSE = "sparse"
    BUSY = "busy"
    CROWDED = "crowded"


@dataclass(frozen=True)
class Span:
    """A stretch of the clip in seconds from its first frame."""

    start_seconds: float
    end_seconds: float

    def __post_init__(self) -> None:
        if not 0 <= self.start_seconds <= self.end_seconds:
            raise ValueError("a span starts at or after 0 and ends at or after its start")

    def to_json(self) -> dict[str, float]:
        return {
            "start_seconds": round(self.start_seconds, 3),
            "end_seconds": round(self.end_seconds, 3),
        }


@dataclass(frozen=True, eq=False)
class TrackSample:
    """One person in one frame: `box` [4] (x0, y0, x1, y1), `keypoints` [17, 3] (x, y, confidence),
    both in 0..1 of the picture (keypoints may lie outside it); no keypoints where no pose was run.
    """

    seconds: float
    box: NDArray[np.float64]
    score: float
    keypoints: NDArray[np.float64] | None

    def __post_init__(self) -> None:
        if self.box.shape != (4,) or not np.all((self.box >= 0) & (self.box <= 1)):
            raise ValueError("a box is four numbers in 0..1")
        if self.keypoints is not None and self.keypoints.shape != (17, 3):
            raise ValueError("a pose is [17, 3]")

    def to_json(self) -> dict[str, Any]:
        keypoints = None if self.keypoints is None else self.keypoints.round(4).tolist()
        return {
            "t": round(self.seconds, 3),
            "box": self.box.round(4).tolist(),
            "score": round(self.score, 3),
            "keypoints": keypoints,
        }


@dataclass(frozen=True, eq=False)
class Track:
    """One person through the clip, as far as boxes could be joined."""

    id: int
    samples: tuple[TrackSample, ...]

    def __post_init__(self) -> None:
        times = [sample.seconds for sample in self.samples]
        if not times or any(b <= a for a, b in pairwise(times)):
            raise ValueError("a track has samples at rising times")

    @property
    def span(self) -> Span:
        return Span(self.samples[0].seconds, self.samples[-1].seconds)

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "samples": [sample.to_json() for sample in self.samples]}


@dataclass(frozen=True, kw_only=True)
class ValidityFigures:
    """How well a signal separates, against chance under the same evaluation.

    `figure`, its 95% interval `low`..`high` and `null` are on the scale of `statistic`, higher is better;
    `samples` counts clips; `data` names them, `at` is the day (ISO) on which this was measured.
    """

    statistic: str
    figure: float
    low: float
    high: float
    null: float
    samples: int
    data: str
    at: str

    def __post_init__(self) -> None:
        if not (0 <= self.low <= self.figure <= self.high <= 1 and 0 <= self.null <= 1):
            raise ValueError("a figure lies in its interval, and all of it in 0..1")
        if not (self.samples > 0 and self.statistic and self.data and self.at):
            raise ValueError("figures name their statistic, data, day and number of samples")

    @property
    def beats_chance(self) -> bool:
        """Even the lower end of the interval lies above what chance gets."""
        return self.low > self.null

    def to_json(self) -> dict[str, Any]:
        return {
            "statistic": self.statistic,
            "figure": round(self.figure, 4),
            "low": round(self.low, 4),
            "high": round(self.high, 4),
            "null": round(self.null, 4),
            "samples": self.samples,
            "data": self.data,
            "at": self.at,
        }


@dataclass(frozen=True, kw_only=True)
class MeasuredSignal:
    """A behaviour feature of one track, in its unit, with the reason why it may or may not count.

    `value` and `confidence` are None exactly when the signal is not measurable. What is measured, and so
    may weigh, carries the figures that beat chance; figures that do not are kept beside the others too.
    """

    name: str
    value: float | None
    confidence: float | None
    span: Span
    track: int | None
    source: str
    validity: Validity
    why: str
    unit: Unit = Unit.SHARE
    figures: ValidityFigures | None = None

    def __post_init__(self) -> None:
        missing = self.validity is Validity.NOT_MEASURABLE
        if missing != (self.value is None) or missing != (self.confidence is None):
            raise ValueError("a value and a confidence belong to every measurable signal, only")
        most = 1.0 if self.unit is Unit.SHARE else np.inf
        if self.value is not None and not 0 <= self.value <= most:
            raise ValueError("a value lies in 0..1, or is a number of seconds")
        if self.confidence is not None and not 0 <= self.confidence <= 1:
            raise ValueError("a confidence lies in 0..1")
        beats = self.figures is not None and self.figures.beats_chance
        if self.validity is Validity.MEASURED and not beats:
            raise ValueError("what is called measured has figures that beat chance")

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": None if self.value is None else round(self.value, 3),
            "unit": self.unit.value,
            "confidence": None if self.confidence is None else round(self.confidence, 3),
            **self.span.to_json(),
            "track": self.track,
            "source": self.source,
            "validity": {
                "state": self.validity.value,
                "why": self.why,
                **(self.figures.to_json() if self.figures else {}),
            },
        }


@dataclass(frozen=True)
class LightingReading:
    """`luma_mean` is the mean brightness (Rec. 601 luma) over the clip, 0..255."""

    state: Lighting
    luma_mean: float

    def to_json(self) -> dict[str, Any]:
        return {"state": self.state.value, "luma_mean": round(self.luma_mean, 1)}


@dataclass(frozen=True)
class CrowdingReading:
    """People detected at once: the most in any frame, and the mean over frames."""

    state: Crowding
    people_max: int
    people_mean: float

    def to_json(self) -> dict[str, Any]:
        return {
            "state": self.state.value,
            "people_max": self.people_max,
            "people_mean": round(self.people_mean, 2),
        }


@dataclass(frozen=True)
class ModelUse:
    """A model that took part, as the registry and ONNX Runtime name it."""

    id: str
    version: str
    sha256: str
    provider: str

    def to_json(self) -> dict[str, str]:
        return {
            "id": self.id,
            "version": self.version,
            "sha256": self.sha256,
            "provider": self.provider,
        }


@dataclass(frozen=True, kw_only=True)
class SceneZone:
    """A polygon on the camera's picture: corners (x, y) in 0..1, and its kind (`apps.sites` names them)."""

    kind: str
    name: str
    polygon: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if len(self.polygon) < 3 or not all(0 <= v <= 1 for corner in self.polygon for v in corner):
            raise ValueError("a zone has three or more corners in 0..1")

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "name": self.name, "polygon": [list(c) for c in self.polygon]}


@dataclass(frozen=True, kw_only=True)
class WindowScore:
    """What the behaviour model says of one person over one stretch, 0..1."""

    track: int
    span: Span
    score: float

    def __post_init__(self) -> None:
        if not 0 <= self.score <= 1:
            raise ValueError("a score lies in 0..1")

    def to_json(self) -> dict[str, Any]:
        return {"track": self.track, **self.span.to_json(), "score": round(self.score, 4)}


@dataclass(frozen=True, kw_only=True)
class BehaviourReading:
    """The reference detector's score of a clip: its highest window, of anybody. None, and why, without one."""

    version: str
    score: float | None
    why: str = ""
    windows: tuple[WindowScore, ...] = ()

    def __post_init__(self) -> None:
        if (self.score is None) != bool(self.why) or (self.score is None) != (not self.windows):
            raise ValueError("a score rests on windows; without one it is said why")

    @property
    def strongest(self) -> WindowScore | None:
        """The window the score is of: the earliest of the highest."""
        return max(self.windows, key=lambda one: one.score, default=None)

    def to_json(self) -> dict[str, Any]:
        strongest = self.strongest
        return {
            "detector": REFERENCE_DETECTOR,
            "version": self.version,
            "score": None if self.score is None else round(self.score, 4),
            "why": self.why,
            "subject_track": strongest.track if strongest else None,
            "windows": [window.to_json() for window in self.windows],
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class ClipAnalysis:
    """Everything one look at a clip found. `poster_jpeg` has every face made unrecognisable."""

    width: int
    height: int
    fps: float
    duration_seconds: float
    sampled_fps: float
    decoder: str
    complete: bool
    tracks: tuple[Track, ...]
    signals: tuple[MeasuredSignal, ...]
    lighting: LightingReading
    crowding: CrowdingReading
    marked_span: Span
    models: tuple[ModelUse, ...]
    timings_ms: Mapping[str, float]
    poster_jpeg: bytes
    behaviour: BehaviourReading | None = None
    zones: tuple[SceneZone, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The record of the analysis, plain JSON values; the poster is not part of it."""
        return {
            "version": SCHEMA_VERSION,
            "width": self.width,
            "height": self.height,
            "fps": self.fps,
            "duration_seconds": self.duration_seconds,
            "sampled_fps": round(self.sampled_fps, 3),
            "decoder": self.decoder,
            "complete": self.complete,
            "tracks": [track.to_json() for track in self.tracks],
            "signals": [signal.to_json() for signal in self.signals],
            "behaviour": self.behaviour.to_json() if self.behaviour else None,
            "zones": [zone.to_json() for zone in self.zones],
            "lighting": self.lighting.to_json(),
            "crowding": self.crowding.to_json(),
            "marked_span": self.marked_span.to_json(),
            "models": [model.to_json() for model in self.models],
            "timings_ms": {stage: round(value, 1) for stage, value in self.timings_ms.items()},
        }
