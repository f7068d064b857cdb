"""Following people from frame to frame by overlap and distance alone: no appearance, no identity.

Each frame's detections are assigned to the tracks' predicted boxes at the lowest total cost
(Hungarian method, as in SORT, arXiv:1602.00763). Confident detections choose first; weak ones may
only continue a track (as in ByteTrack, arXiv:2110.06864).
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from workers.inference.boxes import iou_matrix

NO_TRACK = -1
_MISSED_FRAMES = 2.5


@dataclass(frozen=True, kw_only=True)
class TrackerPolicy:
    """When two boxes may be the same person. Distances are in box heights."""

    start_score: float = 0.5
    max_gap_seconds: float = 1.0
    min_iou: float = 0.2
    max_distance: float = 0.6
    max_height_ratio: float = 1.8


def policy_for(sampled_fps: float) -> TrackerPolicy:
    """The policy for a sampling rate: a person may be missed in one frame, however rare frames are.

    Below two frames a second only people who stay where they are remain one track.
    """
    return TrackerPolicy(max_gap_seconds=max(1.0, _MISSED_FRAMES / sampled_fps))


@dataclass
class _Track:
    id: int
    seen_at: float
    box: NDArray[np.float64]
    velocity: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))

    def predicted(self, seconds: float) -> NDArray[np.float64]:
        return self.box + np.tile(self.velocity * (seconds - self.seen_at), 2)

    def move_to(self, box: NDArray[np.float64], seconds: float) -> None:
        elapsed = seconds - self.seen_at
        if elapsed > 0:
            step = (_centres(box[None])[0] - _centres(self.box[None])[0]) / elapsed
            self.velocity = 0.5 * self.velocity + 0.5 * step
        self.box, self.seen_at = box, seconds


class PeopleTracker:
    """Gives each detection the id of its track. Feed frames in order of time; one per clip.

    Boxes are [n, 4] (x0, y0, x1, y1) with equal units in x and y (pixels), so that a distance
    means the same in both directions.
    """

    def __init__(self, policy: TrackerPolicy | None = None) -> None:
        self._policy = policy or TrackerPolicy()
        self._tracks: list[_Track] = []
        self._next_id = 1

    def update(
        self, seconds: float, boxes: NDArray[np.float64], scores: NDArray[np.float64]
    ) -> list[int]:
        """The track id of each detection, or NO_TRACK. No id is given twice in a frame."""
        horizon = seconds - self._policy.max_gap_seconds
        self._tracks = [track for track in self._tracks if track.seen_at >= horizon]
        ids = [NO_TRACK] * len(scores)
        strong = [k for k in range(len(scores)) if scores[k] >= self._policy.start_score]
        weak = [k for k in range(len(scores)) if scores[k] < self._policy.start_score]
        free = list(self._tracks)
        for candidates in (strong, weak):
            free = self._assign(seconds, boxes, candidates, free, ids)
        for k in strong:
            if ids[k] == NO_TRACK:
                ids[k] = self._start(seconds, boxes[k])
        return ids

    def _assign(
        self,
        seconds: float,
        boxes: NDArray[np.float64],
        candidates: list[int],
        tracks: list[_Track],
        ids: list[int],
    ) -> list[_Track]:
        """Match candidates to tracks, note the ids, and return the tracks left over."""
        if not candidates or not tracks:
            return tracks
        predicted = np.stack([track.predicted(seconds) for track in tracks])
        cost = self._costs(predicted, boxes[candidates])
        taken: set[int] = set()
        for row, column in zip(*linear_sum_assignment(cost), strict=True):
            if cost[row, column] < _FORBIDDEN:
                tracks[row].move_to(boxes[candidates[column]], seconds)
                ids[candidates[column]] = tracks[row].id
                taken.add(row)
        return [track for row, track in enumerate(tracks) if row not in taken]

    def _costs(
        self, predicted: NDArray[np.float64], boxes: NDArray[np.float64]
    ) -> NDArray[np.floating]:
        """1 − IoU plus the centres' distance in box heights; `_FORBIDDEN` where out of reach."""
        overlap = iou_matrix(predicted, boxes)
        heights0, heights1 = _heights(predicted)[:, None], _heights(boxes)[None, :]
        gap = _centres(predicted)[:, None] - _centres(boxes)[None]
        distance = np.linalg.norm(gap, axis=2) / np.maximum(heights0, heights1)
        ratio = np.maximum(heights0, heights1) / np.minimum(heights0, heights1)
        near = (overlap >= self._policy.min_iou) | (
            (distance <= self._policy.max_distance) & (ratio <= self._policy.max_height_ratio)
        )
        cost: NDArray[np.floating] = np.where(near, 1.0 - overlap + distance, _FORBIDDEN)
        return cost

    def _start(self, seconds: float, box: NDArray[np.float64]) -> int:
        track = _Track(id=self._next_id, seen_at=seconds, box=box)
        self._next_id += 1
        self._tracks.append(track)
        return track.id


_FORBIDDEN = 1e6
_SMALLEST = 1e-9


def _centres(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def _heights(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(boxes[:, 3] - boxes[:, 1], _SMALLEST)
