"""What the invariance check costs before an alert is routed: six frames changed four ways, beside one look."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from apps.alerts.rescoring import RescoreEndpoint
from apps.alerts.signing import new_secret
from tests.alerts.detectors import detector
from tests.bench.conftest import Report
from tests.bench.footage import ten_seconds_of
from tests.workers.inference.conftest import BUNDLED
from workers.inference.adapter import AdapterScorer, png_of
from workers.inference.analysis import analyse_clip
from workers.inference.appearance import changed
from workers.inference.invariance import BUDGETS, check_invariance, key_times, people_at
from workers.inference.limits import ClipLimits
from workers.inference.reading import FrameBatch, frames_at

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

REPEATS = 3
SIZES = {"640x480": (640, 480), "1920x1080": (1920, 1080)}


class Free:
    """A scorer that costs nothing: what is left is the check itself."""

    name = "free"

    def score(self, frames: FrameBatch) -> float:
        return 0.5


@pytest.mark.parametrize("size", SIZES)
def test_what_six_frames_times_four_changes_cost(size: str, tmp_path: Path, report: Report) -> None:
    clip = ten_seconds_of(BUNDLED, tmp_path / "clip.mp4", size=SIZES[size])
    limits, budget = ClipLimits(people_posed=3), BUDGETS["quick"]
    analyse_clip(clip, limits=limits)  # models loaded, files cached
    look, analysis = _timed(lambda: analyse_clip(clip, limits=limits), repeats=1)
    times = key_times(analysis, count=budget.frames)
    again, frames = _timed(lambda: frames_at(clip, times=times, limits=limits))
    people = [people_at(analysis.tracks, seconds=float(t)) for t in frames.times]
    whole, found = _timed(
        lambda: check_invariance(frames, people=people, scorer=Free(), changes=budget.changes)
    )
    report.say(f"invariance {size}: one look at the clip, s", look)
    report.say(f"invariance {size}: six frames read again, s", again)
    report.say(f"invariance {size}: changing them in four ways, s", whole)
    for change in budget.changes:
        took, _ = _timed(
            lambda change=change: [
                changed(image, people=seen, change=change)
                for image, seen in zip(frames.images, people, strict=True)
            ]
        )
        report.say(f"invariance {size}: {change.name}, s", took)
    packed, _ = _timed(lambda: [png_of(image) for image in frames.images])
    report.say(f"invariance {size}: six frames as PNG, s", packed)
    assert len(found.tried) + len(found.left_out) == 4
    assert again + whole < look  # in the same run: the price is stated as a share of one look


def test_what_asking_a_process_costs(tmp_path: Path, report: Report) -> None:
    secret = new_secret()
    clip = ten_seconds_of(BUNDLED, tmp_path / "clip.mp4", size=(1280, 720))
    times = np.linspace(1.0, 6.0, 6)
    frames = frames_at(clip, times=times.tolist(), limits=ClipLimits())
    with detector("times", secret=secret) as url:
        endpoint = RescoreEndpoint(source_id=uuid4(), url=url, secret=secret, timeout_seconds=30)
        scorer = AdapterScorer(name="adapter", ask=endpoint.ask)
        first, _ = _timed(lambda: scorer.score(frames), repeats=1)
        later, score = _timed(lambda: scorer.score(frames))
    report.say("adapter 1280x720: the first question, asked twice, s", first)
    report.say("adapter 1280x720: each further question of six frames, s", later)
    assert 0 < score < 1


def _timed(act: Callable[[], Any], *, repeats: int = REPEATS) -> tuple[float, Any]:
    """The median time, and the last result."""
    took = []
    for _ in range(repeats):
        began = time.perf_counter()
        result = act()
        took.append(time.perf_counter() - began)
    return float(np.median(took)), result
