"""What a map costs and how faithful it is, on real clips: of a detector whose eye is known, and of ours.

The transparent detector is the person model alone: its score is that of the surest person it sees in the
frames. A right map of it is on people, wherever the clip was made.
"""

import time
from pathlib import Path

import numpy as np
import pytest

from apps.triage.saliency import PictureMap, Region
from tests.bench.conftest import Report
from tests.workers.inference.conftest import BUNDLED, SHARED_CLIPS
from workers.inference.analysis import analyse_clip
from workers.inference.explaining import Seen, picture_map, times_of
from workers.inference.limits import ClipLimits
from workers.inference.people import find_people
from workers.inference.reading import FrameBatch, frames_at
from workers.inference.regions import Scene
from workers.inference.registry import PERSON, Models
from workers.inference.results import ClipAnalysis
from workers.inference.saliency import SaliencyBudget, asking
from workers.inference.scoring import NothingToScore

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

CLIPS = [BUNDLED, *sorted(SHARED_CLIPS.glob("*.mp4"))]
LIMITS = ClipLimits(max_sampled_frames=60)
FRAMES = 4


class SurestPerson:
    """The person model as a detector: how sure it is of the surest person, over all frames."""

    name = "surest person"

    def __init__(self, models: Models) -> None:
        self._model = models.get(PERSON)

    def score(self, frames: FrameBatch) -> float:
        seen = [find_people(self._model, image).scores for image in frames.images]
        scores = [float(found.max()) if len(found) else 0.0 for found in seen]
        if not any(scores):
            raise NothingToScore("nobody")
        return float(np.mean(scores))


def mapped(path: Path, analysis: ClipAnalysis, models: Models) -> PictureMap:
    seen = Seen(
        tracks=analysis.tracks,
        scene=Scene(width=analysis.width, height=analysis.height, zones=analysis.zones),
    )
    times = times_of(None, analysis.marked_span, most=FRAMES)
    return picture_map(
        frames_at(path, times=times, limits=LIMITS),
        ask=asking(SurestPerson(models)),
        seen=seen,
        subject=None,
        budget=SaliencyBudget(),
    )


@pytest.fixture(scope="module")
def models() -> Models:
    from workers.inference.registry import process_models

    return process_models()


@pytest.mark.parametrize("path", CLIPS, ids=lambda path: path.stem)
def test_a_map_of_a_detector_that_sees_people_is_on_people(
    path: Path, models: Models, report: Report
) -> None:
    analysis = analyse_clip(path, limits=LIMITS, models=models)
    began = time.perf_counter()
    found = mapped(path, analysis, models)
    report.say("seconds", time.perf_counter() - began)
    report.say("frames", len(found.times))
    say_map(report, found)
    shares = {one.region: one.share or 0.0 for one in found.regions}
    if shares:
        report.say("share on people", shares[Region.OTHER_PEOPLE] + shares[Region.BODY])


def say_map(report: Report, found: PictureMap) -> None:
    judged = found.faithfulness
    report.say("questions", found.evaluations)
    report.say("gain of the map", judged.own.gain)
    report.say("gain of the middle", judged.centre.gain)
    report.say("gain of the best random map", max(one.gain for one in judged.random))
    report.say("deletion / insertion", f"{judged.own.deletion:.3f} / {judged.own.insertion:.3f}")
    report.say("likeness with chance weights", "-" if judged.alike is None else judged.alike)
    report.say("reliable", "yes" if judged.reliable else ", ".join(judged.why_not))
