"""The people of an analysis that was stored as JSON, as the values they were."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from workers.inference.results import Track, TrackSample


def tracks_of(analysis: Mapping[str, Any]) -> tuple[Track, ...]:
    """The tracks of `ClipAnalysis.to_json()`, to its four decimals. Raises KeyError or ValueError for anything else."""
    return tuple(
        Track(id=int(track["id"]), samples=tuple(map(_sample, track["samples"])))
        for track in analysis["tracks"]
    )


def _sample(stored: Mapping[str, Any]) -> TrackSample:
    keypoints = stored["keypoints"]
    return TrackSample(
        seconds=float(stored["t"]),
        box=np.array(stored["box"], dtype=np.float64),
        score=float(stored["score"]),
        keypoints=None if keypoints is None else np.array(keypoints, dtype=np.float64),
    )
