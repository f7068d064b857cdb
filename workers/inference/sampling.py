"""Which frames of a clip are looked at: one rule for every decoder."""

import math
from collections.abc import Sequence
from typing import Protocol

# Containers round times to a millisecond; a frame that early still counts as on time.
_TOLERANCE_SECONDS = 2e-3


class FrameChoice(Protocol):
    """Asked once per decoded frame, in order of time; one per pass over a clip."""

    @property
    def is_done(self) -> bool:
        """Whether no later frame can be taken, so that decoding may stop."""
        ...

    def takes(self, seconds: float) -> bool:
        """Whether the frame at this time (from the clip's first frame) is one to look at."""
        ...


class FrameSampler:
    """Takes the first frame, then the first one at or after each tick of `fps` per second.

    Ticks are counted from the first frame's time, so that two decoders that agree on times agree
    on frames, at any frame rate, constant or not.
    """

    def __init__(self, *, fps: float, max_frames: int) -> None:
        if fps <= 0 or max_frames < 1:
            raise ValueError("a sampling rate and a frame budget are above zero")
        self._fps = fps
        self._left = max_frames
        self._next = -math.inf

    @property
    def is_done(self) -> bool:
        """Whether the frame budget is used up."""
        return self._left == 0

    def takes(self, seconds: float) -> bool:
        """Whether the frame at this time (from the clip's first frame) is one to look at."""
        if self.is_done or seconds + _TOLERANCE_SECONDS < self._next:
            return False
        self._left -= 1
        self._next = (math.floor((seconds + _TOLERANCE_SECONDS) * self._fps) + 1) / self._fps
        return True


class WantedFrames:
    """Takes, for each wanted time, the first frame at or after it (2 ms early counts), once.

    A time at which `FrameSampler` took a frame finds that same frame again, unless two frames lie
    closer than those 2 ms.
    """

    def __init__(self, times: Sequence[float]) -> None:
        if not times or min(times) < 0:
            raise ValueError("wanted times are one or more, from 0 up")
        self._wanted = sorted(times, reverse=True)

    @property
    def is_done(self) -> bool:
        """Whether every wanted time has its frame."""
        return not self._wanted

    def takes(self, seconds: float) -> bool:
        """Whether the frame at this time is the first for one or more wanted times."""
        before = len(self._wanted)
        while self._wanted and self._wanted[-1] <= seconds + _TOLERANCE_SECONDS:
            self._wanted.pop()
        return len(self._wanted) < before
