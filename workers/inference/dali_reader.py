"""Decoding by NVIDIA DALI: VP8, VP9 and Motion JPEG on the CPU, every codec by NVDEC on a GPU.

DALI reads the file itself, one frame a run, in order: memory stays flat over an hour of video,
and its own time stamps choose the same frames as PyAV's do. Not verified on a GPU.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from nvidia.dali import fn
from nvidia.dali.pipeline import pipeline_def

from workers.inference.imaging import fitted_size, turned
from workers.inference.limits import ClipLimits
from workers.inference.probe import ClipProbe
from workers.inference.refusals import ClipUndecodable, Deadline
from workers.inference.sampling import FrameChoice

_READER = "clip"
_THREADS = 2


class DaliFrames:
    """Sampled frames of a clip, decoded in order by DALI. Each iteration reads anew."""

    def __init__(
        self,
        path: Path,
        *,
        probe: ClipProbe,
        choose: Callable[[], FrameChoice],
        limits: ClipLimits,
        on_gpu: bool,
    ) -> None:
        self._path = path
        self._probe = probe
        self._choose = choose
        self._limits = limits
        self._on_gpu = on_gpu

    def __iter__(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        choice = self._choose()
        deadline = Deadline(self._limits.read_seconds)
        first: float | None = None
        for time, frame in self._frames(deadline):
            first = time if first is None else first
            if choice.is_done:
                return
            if choice.takes(time - first):
                yield time - first, turned(_on_host(frame), rotation=self._probe.rotation)

    def _frames(self, deadline: Deadline) -> Iterator[tuple[float, Any]]:
        """(time stamp, frame) of every frame. A broken tail ends it, no frame at all is refused."""
        try:
            pipeline = self._built()
            count = pipeline.epoch_size(_READER)
        except RuntimeError as error:
            raise _undecodable() from error
        for index in range(count):
            deadline.check()
            try:
                pictures, _label, stamps = pipeline.run()
            except RuntimeError as error:
                if index == 0:
                    raise _undecodable() from error
                return
            yield float(_on_host(stamps).ravel()[0]), pictures

    def _built(self) -> Any:
        pipeline: Any = _pipeline(
            str(self._path),
            fitted_size(
                self._probe.width, self._probe.height, longest_side=self._limits.analysis_side
            ),
            shrink=max(self._probe.width, self._probe.height) > self._limits.analysis_side,
            reader_device="gpu" if self._on_gpu else "cpu",
            batch_size=1,
            num_threads=_THREADS,
            device_id=0 if self._on_gpu else None,
            prefetch_queue_depth=1,
        )
        pipeline.build()
        return pipeline


@pipeline_def
def _pipeline(path: str, size: tuple[int, int], *, shrink: bool, reader_device: str) -> Any:
    outputs: Any = fn.experimental.readers.video(
        name=_READER,
        device=reader_device,
        filenames=[path],
        labels=[0],
        sequence_length=1,
        step=1,
        enable_timestamps=True,
        prefetch_queue_depth=1,
        initial_fill=1,
        dont_use_mmap=True,
    )
    pictures, label, stamps = outputs
    if shrink:
        pictures = fn.resize(pictures, resize_x=size[0], resize_y=size[1])
    return pictures, label, stamps


def _on_host(output: Any) -> NDArray[Any]:
    """One output of a run of one sequence of one frame, as an array on the host."""
    host = output.as_cpu() if hasattr(output, "as_cpu") else output
    array: NDArray[Any] = np.array(host.as_array())
    return array[0, 0] if array.ndim == 5 else array


def _undecodable() -> ClipUndecodable:
    return ClipUndecodable(
        "Not one frame of the clip could be decoded. Export it as H.264 MP4 and send it again."
    )
