"""Typed refusals: each is a ClipRefused whose sentence the operator reads."""

import time
from collections.abc import Callable

from apps.alerts.clip_format import ClipRefusal, ClipRefused


class ClipTruncated(ClipRefused):
    code = ClipRefusal.TRUNCATED


class ClipHasNoVideo(ClipRefused):
    code = ClipRefusal.NO_VIDEO_STREAM


class ClipHasTooManyStreams(ClipRefused):
    code = ClipRefusal.TOO_MANY_STREAMS


class ClipHasTooManyPixels(ClipRefused):
    code = ClipRefusal.TOO_MANY_PIXELS


class ClipHasTooManyFrames(ClipRefused):
    code = ClipRefusal.TOO_MANY_FRAMES


class ClipTooLong(ClipRefused):
    code = ClipRefusal.TOO_LONG


class ClipTooSlow(ClipRefused):
    code = ClipRefusal.TOO_SLOW


class ClipUndecodable(ClipRefused):
    code = ClipRefusal.UNDECODABLE


class Deadline:
    """A wall-clock bound on one pass over a clip, asked between packets."""

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._ends_at = clock() + seconds

    def check(self) -> None:
        """Raises ClipTooSlow when the time is used up."""
        if self._clock() > self._ends_at:
            raise ClipTooSlow(
                f"Reading the clip took longer than {self._seconds:g} s and was stopped. "
                "Watch the original, or send a shorter clip."
            )
