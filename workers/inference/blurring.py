"""A copy of a clip in which faces cannot be recognised, at full frame rate.

Three nets, each for what the others miss: the heads of tracked people, which the analysis has found already; faces that
the face model sees in frames looked at several times a second; and, in between, the line from one place to the next.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workers.inference.blurring_chains import Chain, ChainMaker, chain_of, regions_at
from workers.inference.faces import find_faces
from workers.inference.head_region import head_region
from workers.inference.imaging import fitted_size, resized
from workers.inference.limits import ClipLimits
from workers.inference.poster import widened
from workers.inference.probe import ClipProbe, probe_clip
from workers.inference.reading import FrameBatch, open_clip
from workers.inference.registry import FACE, Model, Models
from workers.inference.results import Track
from workers.inference.working_copy import write_copy

FACE_FPS = 5.0
"""How often the face model looks at the whole picture."""

FACE_SIDE = 640
"""The longer side of the picture that the face model sees, in pixels."""

READ_SECONDS = 1200.0
"""Wall time that one pass may take: nobody waits for it, unlike for the analysis."""

_CLOSE_SECONDS = 0.5
_LEVELS = 4
_GRID = 256
_TELL_EVERY = 16

Progress = Callable[[str, float], None]


@dataclass(frozen=True, kw_only=True)
class Blurred:
    """What was done: `frames` written, `covered` of them with something blurred, and the mean share of their area."""

    frames: int
    covered: int
    area_share: float

    def __post_init__(self) -> None:
        if not 0 <= self.covered <= self.frames or not 0 <= self.area_share <= 1:
            raise ValueError(
                "no more frames are covered than there are, and no more than all of each"
            )


def write_blurred_copy(
    source: Path,
    destination: Path,
    *,
    tracks: Sequence[Track],
    models: Models,
    limits: ClipLimits,
    progress: Progress,
    visible_track: int | None = None,
) -> Blurred:
    """Write an H.264 MP4 of `source` in which faces and heads are coarse patches of colour.

    Frame times are those of the original; there is no sound. `tracks` are the analysis's people;
    `visible_track` is the one person, if any, whose face stays. Progress stages: "faces", "copy".
    Raises ClipRefused like `probe_clip`, ModelRefused, OSError. The file appears whole or not at all.
    """
    limits = replace(limits, read_seconds=max(limits.read_seconds, READ_SECONDS))
    probe = probe_clip(source, limits=limits)
    hidden = hidden_chains(
        source,
        probe=probe,
        tracks=tracks,
        models=models,
        limits=limits,
        progress=progress,
        visible_track=visible_track,
    )
    painter = _Painter(hidden, frames=probe.frames, progress=progress)
    write_copy(source, destination, probe=probe, limits=limits, retouch=painter)
    return painter.result()


def hidden_chains(
    source: Path,
    *,
    probe: ClipProbe,
    tracks: Sequence[Track],
    models: Models,
    limits: ClipLimits,
    progress: Progress,
    visible_track: int | None = None,
) -> tuple[Chain, ...]:
    """Everything to blur: heads of people and faces, except those of `visible_track`."""
    width, height = probe.shown_size
    heads = {track.id: head_chain(track, width=width, height=height) for track in tracks}
    shown = heads.pop(visible_track, None) if visible_track is not None else None
    faces = face_chains(source, probe=probe, models=models, limits=limits, progress=progress)
    return (*heads.values(), *(face for face in faces if shown is None or not _is_of(face, shown)))


def head_chain(track: Track, *, width: int, height: int) -> Chain:
    """Where a tracked person's head is. A doubtful place does not count close to a sure one: the line goes past it."""
    found = [
        (sample.seconds, head_region(sample, width=width, height=height))
        for sample in track.samples
    ]
    sure = np.array([seconds for seconds, region in found if region.sure])
    return chain_of(
        (seconds, region.box)
        for seconds, region in found
        if region.sure or not np.any(np.abs(sure - seconds) <= _CLOSE_SECONDS)
    )


def face_chains(
    source: Path, *, probe: ClipProbe, models: Models, limits: ClipLimits, progress: Progress
) -> tuple[Chain, ...]:
    """The faces that the face model sees, `FACE_FPS` times a second, joined over time."""
    expected = max(1, math.ceil(probe.duration_seconds * FACE_FPS))
    limits = replace(limits, sampling_fps=FACE_FPS, max_sampled_frames=expected + 1)
    reader = open_clip(source, limits=limits, device=models.device, probe=probe)
    chains, looked_at = ChainMaker(*probe.shown_size), 0
    with ThreadPoolExecutor(models.device.threads, thread_name_prefix="blur") as pool:
        for batch in reader.batches():
            for seconds, faces in _faces_in(batch, models.get(FACE), pool):
                chains.add(seconds, faces)
            looked_at += len(batch.times)
            progress("faces", min(1.0, looked_at / expected))
    return chains.chains()


def _faces_in(
    batch: FrameBatch, model: Model, pool: ThreadPoolExecutor
) -> Iterator[tuple[float, NDArray[np.float64]]]:
    found = pool.map(partial(_faces_of, model), batch.images)
    yield from zip(map(float, batch.times), found, strict=True)


def _faces_of(model: Model, image: NDArray[np.uint8]) -> NDArray[np.float64]:
    width, height = fitted_size(image.shape[1], image.shape[0], longest_side=FACE_SIDE)
    return widened(find_faces(model, resized(image, width=width, height=height)))


def _is_of(face: Chain, head: Chain) -> bool:
    """Whether a face is that head's: its middle lies in it, most of the time."""
    inside = [
        any(_holds(region, box) for region in head.regions_at(float(seconds)))
        for seconds, box in zip(face.times, face.boxes, strict=True)
    ]
    return 2 * sum(inside) > len(inside)


def _holds(region: NDArray[np.float64], box: NDArray[np.float64]) -> bool:
    middle = (box[:2] + box[2:]) / 2
    return bool(np.all(region[:2] <= middle) and np.all(middle <= region[2:]))


class _Painter:
    """Blurs one frame after the other, and counts. A frame is planar yuv420p, [height * 3 / 2, width]."""

    def __init__(self, hidden: Sequence[Chain], *, frames: int, progress: Progress) -> None:
        self._hidden = hidden
        self._expected = frames
        self._progress = progress
        self._frames = self._covered = 0
        self._area = 0.0

    def __call__(self, seconds: float, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        regions = regions_at(self._hidden, seconds)
        self._frames += 1
        self._covered += bool(len(regions))
        self._area += area_share(regions)
        if self._frames % _TELL_EVERY == 0:
            self._progress("copy", min(1.0, self._frames / self._expected))
        return with_patches(picture, regions)

    def result(self) -> Blurred:
        mean = self._area / self._frames if self._frames else 0.0
        return Blurred(frames=self._frames, covered=self._covered, area_share=mean)


def with_patches(picture: NDArray[np.uint8], regions: NDArray[np.float64]) -> NDArray[np.uint8]:
    """A yuv420p picture [height * 3 / 2, width] in which each region [n, 4] in 0..1 keeps 4 x 4 colours.

    Width and height are even. What was there is averaged away before it is encoded: no filter brings it back.
    """
    result = picture.copy()
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    luma, chroma = result[:height], result[height:].reshape(2, height // 2, width // 2)
    for region in regions:
        for plane in (luma, *chroma):
            _coarsen(plane, region)
    return result


def _coarsen(plane: NDArray[np.uint8], region: NDArray[np.float64]) -> None:
    """Replace a region of a plane, in place, by a few levels joined smoothly."""
    height, width = plane.shape
    x0, y0 = int(region[0] * width), int(region[1] * height)
    x1, y1 = int(np.ceil(region[2] * width)), int(np.ceil(region[3] * height))
    if x1 <= x0 or y1 <= y0:
        return
    part = Image.fromarray(plane[y0:y1, x0:x1])
    coarse = part.resize((_LEVELS, _LEVELS), Image.Resampling.BOX)
    plane[y0:y1, x0:x1] = np.asarray(coarse.resize(part.size, Image.Resampling.BILINEAR))


def area_share(regions: NDArray[np.float64]) -> float:
    """How much of the picture the regions [n, 4] cover together, 0..1, on a grid of 256 x 256."""
    covered = np.zeros((_GRID, _GRID), dtype=bool)
    for x0, y0, x1, y1 in regions:
        covered[
            int(y0 * _GRID) : int(np.ceil(y1 * _GRID)), int(x0 * _GRID) : int(np.ceil(x1 * _GRID))
        ] = True
    return float(covered.mean())
