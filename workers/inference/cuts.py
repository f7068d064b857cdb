"""Cutting as processes see it that load no video library: what was cut, and the process that cuts."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from apps.alerts.clip_format import ClipContainer
from workers.inference.refusals import ClipUndecodable

REFUSED: Final = 3
_PATIENCE_SECONDS: Final = 480.0


@dataclass(frozen=True, kw_only=True)
class Cut:
    """What was cut: seconds from the recording's first picture. It begins at a key frame, so perhaps early."""

    container: ClipContainer
    start_seconds: float
    end_seconds: float

    def __post_init__(self) -> None:
        if not 0 <= self.start_seconds < self.end_seconds:
            raise ValueError("a cut ends after it starts")

    @property
    def media_type(self) -> str:
        return "video/mp4" if self.container is ClipContainer.MP4 else "video/webm"


def cut_apart(source: Path, target: Path, *, start_seconds: float, end_seconds: float) -> Cut:
    """`cutting.cut_span` in a process of its own, which a bad recording may bring down alone.

    Raises ClipUndecodable with its sentence, subprocess.SubprocessError when it dies or takes over eight minutes.
    """
    done = subprocess.run(  # noqa: S603 - our own module, paths we chose
        [
            *(sys.executable, "-m", "workers.inference.cutting", str(source), str(target)),
            *(repr(start_seconds), repr(end_seconds)),
        ],
        capture_output=True,
        cwd=Path(__file__).parents[2],
        timeout=_PATIENCE_SECONDS,
        check=False,
    )
    if done.returncode == REFUSED:
        raise ClipUndecodable(json.loads(done.stdout))
    done.check_returncode()
    facts = json.loads(done.stdout)
    return Cut(**facts | {"container": ClipContainer(facts["container"])})
