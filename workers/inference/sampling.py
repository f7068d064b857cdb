"""Which frames of a clip are looked at: one rule for every decoder."""

import math

# Containers round times to a millisecond; a frame that early still counts as on time.
_TOLERANCE_SECONDS = 2e-3


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
