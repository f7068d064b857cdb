"""Decoding by libav on the CPU: every codec that it knows."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import av.filter
import numpy as np
from numpy.typing import NDArray

from workers.inference.imaging import fitted_size, turned
from workers.inference.limits import ClipLimits
from workers.inference.probe import ClipProbe, decoded_frames, open_container, video_stream
from workers.inference.refusals import Deadline
from workers.inference.sampling import FrameChoice


class PyavFrames:
    """Sampled frames of a clip, decoded one packet at a time. Each iteration reads anew."""

    def __init__(
        self,
        path: Path,
        *,
        probe: ClipProbe,
        choose: Callable[[], FrameChoice],
        limits: ClipLimits,
    ) -> None:
        self._path = path
        self._probe = probe
        self._choose = choose
        self._limits = limits
        self._size = fitted_size(probe.width, probe.height, longest_side=limits.analysis_side)

    def __iter__(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        choice = self._choose()
        deadline = Deadline(self._limits.read_seconds)
        with open_container(self._path, self._probe.container, limits=self._limits) as container:
            stream = video_stream(container, limits=self._limits)
            frames = decoded_frames(container, stream, limits=self._limits, deadline=deadline)
            upper_field = UpperField()
            for seconds, frame in _with_times(frames, fps=self._probe.fps):
                if choice.is_done:
                    return
                if choice.takes(seconds):
                    yield seconds, self._picture(upper_field.of(frame))

    def _picture(self, frame: Any) -> NDArray[np.uint8]:
        width, height = self._size
        image = frame.to_ndarray(
            format="rgb24", width=width, height=height, interpolation="BILINEAR"
        )
        return turned(image, rotation=self._probe.rotation)


class UpperField:
    """Takes the upper field of interlaced frames: one moment, at half the height.

    The other field is a later or earlier moment; together they draw a moving hand twice, in combs.
    One field needs no neighbouring frame, so that a frame looks the same whenever it is read.
    """

    def __init__(self) -> None:
        self._format: tuple[int, int, str] | None = None
        self._graph: Any = None

    def of(self, frame: Any) -> Any:
        """The frame, or of an interlaced one every other row from the first."""
        if not frame.interlaced_frame:
            return frame
        if self._format != (frame.width, frame.height, frame.format.name):
            self._format = (frame.width, frame.height, frame.format.name)
            self._graph = _field_graph(frame)
        self._graph.push(frame)
        return self._graph.pull()


def _field_graph(frame: Any) -> Any:
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
    )
    field, sink = graph.add("field", "type=top"), graph.add("buffersink")
    source.link_to(field)
    field.link_to(sink)
    graph.configure()
    return graph


def _with_times(frames: Iterator[Any], *, fps: float) -> Iterator[tuple[float, Any]]:
    """Frames with seconds from the first one; a frame without a time follows its neighbour."""
    first: float | None = None
    seconds = -1.0 / fps
    for frame in frames:
        if frame.time is None:
            seconds += 1.0 / fps
        else:
            first = frame.time if first is None else first
            seconds = max(0.0, float(frame.time) - first)
        yield max(0.0, seconds), frame
