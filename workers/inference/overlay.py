"""What an analysis found, drawn over the moving picture: for looking at the detector, not for evidence.

Nothing is blurred here: the file shows what the clip shows.
"""

from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from workers.inference.limits import ClipLimits
from workers.inference.poses import Joint
from workers.inference.probe import probe_clip
from workers.inference.results import ClipAnalysis, MeasuredSignal, Track, Unit
from workers.inference.working_copy import write_copy

LIMBS = (
    (Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER),
    (Joint.LEFT_SHOULDER, Joint.LEFT_ELBOW),
    (Joint.LEFT_ELBOW, Joint.LEFT_WRIST),
    (Joint.RIGHT_SHOULDER, Joint.RIGHT_ELBOW),
    (Joint.RIGHT_ELBOW, Joint.RIGHT_WRIST),
    (Joint.LEFT_SHOULDER, Joint.LEFT_HIP),
    (Joint.RIGHT_SHOULDER, Joint.RIGHT_HIP),
    (Joint.LEFT_HIP, Joint.RIGHT_HIP),
    (Joint.LEFT_HIP, Joint.LEFT_KNEE),
    (Joint.LEFT_KNEE, Joint.LEFT_ANKLE),
    (Joint.RIGHT_HIP, Joint.RIGHT_KNEE),
    (Joint.RIGHT_KNEE, Joint.RIGHT_ANKLE),
)
"""Which joints are joined by a line; the head is left out."""

# Okabe and Ito's colours, which people with any colour vision can tell apart.
_COLOURS = ("#56b4e9", "#e69f00", "#009e73", "#f0e442", "#cc79a7", "#d55e00", "#0072b2")
_ZONE = "#ffffff"
_PLATE = (0, 0, 0, 170)
_MIN_CONFIDENCE = 0.2
_LONGEST_GAP_SECONDS = 2.0
_WORTH_A_LINE = 0.3
_LINES = 3
_SMALLEST_LETTERS = 11
_LETTERS_PER_PICTURE = 52


def write_overlay(
    source: Path, destination: Path, *, analysis: ClipAnalysis, limits: ClipLimits
) -> None:
    """Write an H.264 MP4 of the clip with boxes, skeletons, zones, scores and signals drawn in.

    Between two sampled frames boxes and joints move in a straight line. The file appears whole or
    not at all. Raises ClipRefused like `probe_clip`.
    """
    drawing = Drawing(analysis)

    def drawn(seconds: float, planes: NDArray[np.uint8]) -> NDArray[np.uint8]:
        picture = _converted(planes, "yuv420p", "rgb24")
        return _converted(drawing.over(picture, seconds), "rgb24", "yuv420p")

    probe = probe_clip(source, limits=limits)
    write_copy(source, destination, limits=limits, probe=probe, retouch=drawn)


def _converted(picture: NDArray[np.uint8], this: str, that: str) -> NDArray[np.uint8]:
    frame = av.VideoFrame.from_ndarray(picture, format=this)
    return np.asarray(frame.to_ndarray(format=that), dtype=np.uint8)


class Drawing:
    """Draws what was found at a time over an RGB picture [H, W, 3] of any size."""

    def __init__(self, analysis: ClipAnalysis) -> None:
        self._analysis = analysis
        self._times = {t.id: [sample.seconds for sample in t.samples] for t in analysis.tracks}

    def over(self, picture: NDArray[np.uint8], seconds: float) -> NDArray[np.uint8]:
        """The picture with everything that was found at `seconds` drawn in."""
        image = Image.fromarray(picture)
        pen = _Pen(image)
        for zone in self._analysis.zones:
            pen.outline(zone.polygon, f"{zone.kind} · {zone.name}")
        for track in self._analysis.tracks:
            found = between(track, self._times[track.id], seconds)
            if found is not None:
                colour = _COLOURS[(track.id - 1) % len(_COLOURS)]
                pen.person(*found, colour=colour, lines=self._said_of(track, seconds))
        pen.heading(f"{seconds:6.2f} s   {self._score_in_words()}")
        return np.asarray(image)

    def _said_of(self, track: Track, seconds: float) -> list[str]:
        """A person's number, the score of the windows now, and the clearest signals of now."""
        lines = [f"person {track.id}"]
        windows = self._analysis.behaviour.windows if self._analysis.behaviour else ()
        scores = [
            window.score
            for window in windows
            if window.track == track.id
            and window.span.start_seconds <= seconds <= window.span.end_seconds
        ]
        if scores:
            lines[0] += f"   score {max(scores):.2f}"
        now = [
            (signal.value, signal.name)
            for signal in self._analysis.signals
            if signal.track == track.id
            and signal.unit is Unit.SHARE
            and signal.value is not None
            and signal.value >= _WORTH_A_LINE
            and _covers(signal, seconds)
        ]
        return lines + [f"{name} {value:.2f}" for value, name in sorted(now, reverse=True)[:_LINES]]

    def _score_in_words(self) -> str:
        behaviour = self._analysis.behaviour
        if behaviour is None:
            return "no score"
        return "no score" if behaviour.score is None else f"score of the clip {behaviour.score:.2f}"


def between(
    track: Track, times: Sequence[float], seconds: float
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None] | None:
    """Box and joints of a track at a time: on a straight line between its neighbouring samples.

    None outside the track and inside a gap of more than two seconds.
    """
    after = bisect_right(times, seconds)
    if after == 0 or seconds > times[-1] + 1e-3:
        return None
    here = track.samples[after - 1]
    if after == len(times):
        return here.box, here.keypoints
    there = track.samples[after]
    gap = there.seconds - here.seconds
    if gap > _LONGEST_GAP_SECONDS:
        return None
    share = (seconds - here.seconds) / gap
    box = here.box + share * (there.box - here.box)
    if here.keypoints is None or there.keypoints is None:
        return box, here.keypoints
    return box, here.keypoints + share * (there.keypoints - here.keypoints)


def _covers(signal: MeasuredSignal, seconds: float) -> bool:
    return signal.span.start_seconds <= seconds <= signal.span.end_seconds


class _Pen:
    """Draws on one picture in its own size; places are given in 0..1."""

    def __init__(self, image: Image.Image) -> None:
        self._draw = ImageDraw.Draw(image, "RGBA")
        self._size = np.array(image.size)
        letters = max(_SMALLEST_LETTERS, max(image.size) / _LETTERS_PER_PICTURE)
        self._font = ImageFont.load_default(size=letters)
        self._line = max(1, round(max(image.size) / 480))

    def outline(self, polygon: Sequence[tuple[float, float]], words: str) -> None:
        points = [self._at(corner) for corner in polygon]
        self._draw.polygon(points, outline=_ZONE, width=self._line)
        self._text(points[0], words, colour=_ZONE)

    def person(
        self,
        box: NDArray[np.float64],
        pose: NDArray[np.float64] | None,
        *,
        colour: str,
        lines: Sequence[str],
    ) -> None:
        corner, opposite = self._at(box[:2]), self._at(box[2:])
        self._draw.rectangle([corner, opposite], outline=colour, width=self._line)
        if pose is not None:
            self._skeleton(pose, colour=colour)
        words = "\n".join(lines)
        _, _, right, _ = self._draw.multiline_textbbox((0, 0), words, font=self._font)
        beside = (opposite[0] + self._line, corner[1])
        if beside[0] + right > self._size[0]:
            beside = (corner[0] - right - 2 * self._line, corner[1])
        self._text(beside, words, colour=colour)

    def heading(self, words: str) -> None:
        self._text((2 * self._line, 2 * self._line), words, colour=_ZONE)

    def _skeleton(self, pose: NDArray[np.float64], *, colour: str) -> None:
        seen = pose[:, 2] >= _MIN_CONFIDENCE
        for first, second in LIMBS:
            if seen[first] and seen[second]:
                ends = [self._at(pose[first, :2]), self._at(pose[second, :2])]
                self._draw.line(ends, fill=colour, width=self._line)

    def _text(self, place: tuple[float, float], words: str, *, colour: str) -> None:
        """Words on a dark plate at a place, moved so that they stay in the picture."""
        left, top, right, bottom = self._draw.multiline_textbbox(place, words, font=self._font)
        shift = np.minimum(0, self._size - (right, bottom) - self._line)
        x, y = np.maximum(np.array(place) + shift, 0)
        plate = (
            left - place[0] + x,
            top - place[1] + y,
            right - place[0] + x,
            bottom - place[1] + y,
        )
        self._draw.rectangle(plate, fill=_PLATE)
        self._draw.multiline_text((x, y), words, font=self._font, fill=colour)

    def _at(self, place: Sequence[float] | NDArray[np.float64]) -> tuple[float, float]:
        x, y = np.asarray(place[:2], dtype=np.float64) * self._size
        return float(x), float(y)
