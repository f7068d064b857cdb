"""What looking at a clip costs beside its parts: decoding and the models alone, in the same run.

The pictures are real; where the development clips are not beside the checkout, the bundled clip
stands in and the figures say so.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.bench.conftest import Report
from tests.bench.footage import repeated, ten_seconds_of
from tests.workers.inference.conftest import BUNDLED, SHARED_CLIPS
from workers.inference.analysis import analyse_clip
from workers.inference.device import Device, this_device
from workers.inference.limits import ClipLimits
from workers.inference.reading import open_clip
from workers.inference.registry import Model, Models

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

REPEATS = 5
MOST_RATIO = 1.2
MOST_SECONDS = 5.0
MOST_GIGABYTES = 1.5
LEAST_SHARE_ON_A_GPU = 0.8
ON_CPU = replace(this_device(), kind="cpu", providers=("CPUExecutionProvider",))

FEW_PEOPLE = SHARED_CLIPS / "one-by-one-person-detection.mp4"
CLIPS = {
    "all of 5 people, 640x480": (BUNDLED, (640, 480), 6),
    "3 people in every frame, 640x480": (BUNDLED, (640, 480), 3),
    "3 people in every frame, 1920x1080": (BUNDLED, (1920, 1080), 3),
    "one person at a time, 1920x1080": (FEW_PEOPLE, (1920, 1080), 3),
}
"""Where from, at which size, and how many people of a frame get a pose."""


class ListeningModels(Models):
    """Models that remember what they were asked, so that the same runs can be made bare."""

    def __init__(self, *, device: Device) -> None:
        super().__init__(device=device)
        self.asked: dict[str, list[np.ndarray]] = {}

    def get(self, which: str) -> Model:
        model = super().get(which)
        asked = self.asked.setdefault(model.entry.id, [])

        def run(pictures: np.ndarray) -> list[Any]:
            asked.append(pictures)
            return model.run(pictures)

        return replace(model, run=run)


def seconds_of(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def decode(path: Path, limits: ClipLimits, device: Device) -> int:
    return sum(
        len(batch.times) for batch in open_clip(path, limits=limits, device=device).batches()
    )


def run_bare(models: Models, asked: dict[str, list[np.ndarray]]) -> None:
    """The same runs of the same models, on the same threads, with nothing around them."""
    with ThreadPoolExecutor(models.device.threads) as pool:
        for model_id, inputs in asked.items():
            list(pool.map(models.get(model_id).run, inputs))


@pytest.mark.parametrize("name", CLIPS)
def test_the_pipeline_costs_little_more_than_its_parts_on_a_cpu(
    name: str, report: Report, tmp_path: Path
) -> None:
    source, size, posed = CLIPS[name]
    if not source.exists():
        pytest.skip("the development clips are not beside this checkout")
    clip = ten_seconds_of(source, tmp_path / "ten.mp4", size=size)
    limits, models = ClipLimits(people_posed=posed), Models(device=ON_CPU)
    listening = ListeningModels(device=ON_CPU)
    seen = analyse_clip(clip, limits=limits, models=listening)
    asked = {model_id: runs for model_id, runs in listening.asked.items() if runs}
    run_bare(models, asked)
    whole, decoding, bare = [], [], []
    for _ in range(REPEATS):
        decoding.append(seconds_of(lambda: decode(clip, limits, ON_CPU)))
        bare.append(seconds_of(lambda: run_bare(models, asked)))
        whole.append(seconds_of(lambda: analyse_clip(clip, limits=limits, models=models)))
    for model_id, runs in asked.items():
        report.say(f"runs of {model_id}", sum(len(pictures) for pictures in runs))
    report.say("people at once, most", seen.crowding.people_max)
    report.say("decoding alone, s", min(decoding))
    report.say("model runs alone, s", min(bare))
    report.say("pipeline, s", min(whole))
    ratio = min(whole) / (min(decoding) + min(bare))
    report.say("pipeline / (decoding + model runs)", ratio)
    report.say("clips of 10 s an hour and core", 3600 / min(whole) / ON_CPU.threads)
    report.say("stages, ms", json.dumps({k: round(v) for k, v in seen.timings_ms.items()}))
    assert ratio <= MOST_RATIO
    if posed <= 3:
        assert min(whole) <= MOST_SECONDS


@pytest.mark.parametrize("how", ["thinly", "in full"])
def test_an_hour_of_1080p_takes_a_bounded_amount_of_memory(
    how: str, report: Report, tmp_path: Path
) -> None:
    source = FEW_PEOPLE if FEW_PEOPLE.exists() else BUNDLED
    short = ten_seconds_of(source, tmp_path / "ten.mp4", size=(1920, 1080))
    hour = repeated(short, tmp_path / "hour.mp4", seconds=3600)
    report.say("file, MB", hour.stat().st_size / 1e6)
    command = [sys.executable, "-m", "tests.bench.one_look", str(hour)]
    told = subprocess.run(
        [*command, *(["--in-full"] if how == "in full" else [])],
        capture_output=True,
        text=True,
        check=True,
        timeout=3000,
    )
    for figure, value in json.loads(told.stdout).items():
        report.say(figure, value)
    assert json.loads(told.stdout)["clip_seconds"] > 3590
    assert json.loads(told.stdout)["peak_megabytes"] <= MOST_GIGABYTES * 1024
