"""How much of anything one clip may cost."""

from dataclasses import dataclass, fields
from typing import Self

from apps.alerts.clip_format import MAX_CLIP_BYTES

_RECORDING_SECONDS = 4 * 3600.0
_RECORDING_BYTES = 64 * 2**30


@dataclass(frozen=True, kw_only=True)
class ClipLimits:
    """Bounds on input, time and memory. Times in seconds, rates in frames per second."""

    max_bytes: int = MAX_CLIP_BYTES
    max_seconds: float = 600.0
    max_frames: int = 40_000
    max_pixels: int = 3840 * 2160
    max_streams: int = 8
    read_seconds: float = 120.0
    """Wall time that one pass over the clip may take."""
    sampling_fps: float = 5.0
    max_sampled_frames: int = 1_500
    batch_frames: int = 8
    """Decoded frames held at once: memory follows this, not the clip's length."""
    max_samples: int = 250_000
    """Samples of people kept in all (about 1 kB each): an hour at 5 frames/s with 13 people."""
    frames_held: int = 120
    """The most frames that one `frames_at` gives: at 1280×720 they take 330 MB."""
    analysis_side: int = 1280
    """The longer side of the frames that models see, in pixels."""
    people_posed: int = 6
    """Poses are estimated for this many people a frame, the largest first."""

    @classmethod
    def for_recordings(cls, *, in_full: bool = False) -> Self:
        """Bounds for an operator's own recordings, up to four hours, outside the intake.

        Thinly, at most 1,500 frames are looked at, spread evenly; in full, all at `sampling_fps`.
        """
        return cls(
            max_bytes=_RECORDING_BYTES,
            max_seconds=_RECORDING_SECONDS,
            max_frames=int(_RECORDING_SECONDS * 60),
            read_seconds=_RECORDING_SECONDS * 2,
            max_sampled_frames=int(_RECORDING_SECONDS * 5) + 1 if in_full else 1_500,
        )

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise ValueError(f"{field.name} must be above zero")

    def sampling_fps_for(self, duration_seconds: float) -> float:
        """The sampling rate, lowered for a long clip so that the frame budget holds."""
        if duration_seconds <= 0:
            return self.sampling_fps
        return min(self.sampling_fps, self.max_sampled_frames / duration_seconds)
