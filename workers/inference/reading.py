"""One interface over the decoders: sampled RGB frames in small batches, whoever decodes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from workers.inference.device import Decoder, Device, this_device
from workers.inference.limits import ClipLimits
from workers.inference.probe import ClipProbe, probe_clip
from workers.inference.pyav_reader import PyavFrames
from workers.inference.refusals import ClipUndecodable
from workers.inference.sampling import FrameChoice, FrameSampler, WantedFrames


@dataclass(frozen=True)
class FrameBatch:
    """Sampled frames, rotation applied: `times` [n] in seconds, `images` uint8 [n, H, W, 3] RGB."""

    times: NDArray[np.float64]
    images: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if (
            self.images.ndim != 4
            or self.images.shape[3] != 3
            or len(self.times) != len(self.images)
        ):
            raise ValueError("a batch is [n, H, W, 3] with one time per frame")


class FrameSource(Protocol):
    """A decoder at work: yields (seconds from the first frame, RGB picture) for sampled frames."""

    def __iter__(self) -> Iterator[tuple[float, NDArray[np.uint8]]]: ...


@dataclass(frozen=True)
class ClipReader:
    """A clip opened for looking at: facts, the decoder in use, and its sampled frames."""

    probe: ClipProbe
    decoder: Decoder
    sampled_fps: float
    source: FrameSource
    batch_frames: int

    def batches(self) -> Iterator[FrameBatch]:
        """The sampled frames, at most `batch_frames` held at once.

        Raises ClipUndecodable when not one frame comes out, ClipTooSlow when time runs out.
        """
        count = 0
        for batch in _in_batches(self.source, self.batch_frames):
            count += len(batch.times)
            yield batch
        if count == 0:
            raise ClipUndecodable(
                "Not one frame of the clip could be decoded. Export it as H.264 MP4 and send it again."
            )


def open_clip(
    path: Path,
    *,
    limits: ClipLimits,
    device: Device | None = None,
    probe: ClipProbe | None = None,
    decoder: Decoder | None = None,
) -> ClipReader:
    """Open a clip with the decoder that this machine uses for its codec.

    `probe` saves a second look at the file; `decoder` overrides the choice (tests compare two).
    Raises ClipRefused like `probe_clip`.
    """
    probe = probe or probe_clip(path, limits=limits)
    decoder = decoder or (device or this_device()).decoder_for(
        probe.codec, interlaced=probe.interlaced
    )
    sampled_fps = limits.sampling_fps_for(probe.duration_seconds)
    return ClipReader(
        probe=probe,
        decoder=decoder,
        sampled_fps=sampled_fps,
        source=_source(
            path,
            probe,
            decoder=decoder,
            choose=partial(FrameSampler, fps=sampled_fps, max_frames=limits.max_sampled_frames),
            limits=limits,
        ),
        batch_frames=limits.batch_frames,
    )


def frames_at(
    path: Path,
    *,
    times: Sequence[float],
    limits: ClipLimits,
    device: Device | None = None,
    probe: ClipProbe | None = None,
    decoder: Decoder | None = None,
) -> FrameBatch:
    """The frames at these seconds from the first frame, by a second pass over the clip.

    Each time gives the first frame at or after it, in order of time; two times of one frame give
    it once, and a time after the last frame gives none, so read the batch's own `times`. A time
    that the first pass sampled gives exactly the pixels that the first pass saw. Decoding stops
    at the last frame that is wanted.
    Raises ValueError for no times, a time below 0, or more than `limits.frames_held`;
    ClipRefused like `probe_clip`, and ClipUndecodable when no frame lies at any of the times.
    """
    if len(times) > limits.frames_held:
        raise ValueError(f"at most {limits.frames_held} frames are held at once")
    probe = probe or probe_clip(path, limits=limits)
    decoder = decoder or (device or this_device()).decoder_for(
        probe.codec, interlaced=probe.interlaced
    )
    source = _source(
        path, probe, decoder=decoder, choose=partial(WantedFrames, list(times)), limits=limits
    )
    for batch in _in_batches(source, limits.frames_held):
        return batch
    raise ClipUndecodable("The clip has no frame at the times asked for.")


def _source(
    path: Path,
    probe: ClipProbe,
    *,
    decoder: Decoder,
    choose: Callable[[], FrameChoice],
    limits: ClipLimits,
) -> FrameSource:
    if decoder is Decoder.PYAV:
        return PyavFrames(path, probe=probe, choose=choose, limits=limits)
    # Loaded only where it is used: DALI costs memory and start-up time.
    from workers.inference.dali_reader import DaliFrames

    return DaliFrames(
        path,
        probe=probe,
        choose=choose,
        limits=limits,
        on_gpu=decoder is Decoder.DALI_GPU,
    )


def _in_batches(
    frames: Iterable[tuple[float, NDArray[np.uint8]]], size: int
) -> Iterator[FrameBatch]:
    times: list[float] = []
    images: list[NDArray[np.uint8]] = []
    for seconds, image in frames:
        times.append(seconds)
        images.append(image)
        if len(times) == size:
            yield FrameBatch(np.array(times), np.stack(images))
            times, images = [], []
    if times:
        yield FrameBatch(np.array(times), np.stack(images))
