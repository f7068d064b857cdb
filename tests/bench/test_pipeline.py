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
from workers.inference.device import Decoder, Device, this_device
from workers.inference.limits import ClipLimits
from workers.inference.model_entries import Job, ModelEntry, read_registry
from workers.inference.reading import open_clip
from workers.inference.registry import Model, Models, bound_run

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

REPEATS = 5
MOST_RATIO = 1.2
MOST_SECONDS = 5.0
MOST_GIGABYTES = 1.5
LEAST_SHARE_ON_A_GPU = 0.8
MOST_MOVED = 1e-3
AT_ONCE = 4
HAS_GPU = this_device().kind == "cuda"
needs_gpu = pytest.mark.skipif(not HAS_GPU, reason="no CUDA device here")
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


def input_for(entry: ModelEntry) -> np.ndarray:
    """Four random inputs of a model's shape; sides that may be any are 256."""
    shape = (4, *(side or 256 for side in entry.input_shape[1:]))
    values = np.random.default_rng(7).uniform(0, 255, shape)
    if entry.job is Job.PERSON:
        values = values * 2 / 255 - 1
    return values.astype(np.int32 if entry.input_type == "tensor(int32)" else np.float32)


@pytest.mark.parametrize("model_id", sorted(read_registry().entries))
def test_cpu_and_gpu_answer_alike(model_id: str, report: Report) -> None:
    """Without a GPU the bound run, which is how a GPU is asked, is compared on the CPU."""
    model = Models(device=ON_CPU).get(model_id)
    pictures = input_for(model.entry)
    plain = model.run(pictures)
    if HAS_GPU:
        other = Models(device=this_device()).get(model_id)
        report.say("compared", f"{model.provider} with {other.provider}")
        answers = other.run(pictures)
    else:
        report.say("compared", "plain with bound runs on the CPU; no CUDA device here")
        answers = bound_run(model.session, pictures, device="cpu")
    for number, (one, another) in enumerate(zip(plain, answers, strict=True)):
        moved = float(np.abs(one - another).max() / max(1.0, np.abs(one).max()))
        report.say(f"output {number}: largest difference, of the largest value", moved)
        assert moved <= MOST_MOVED


@needs_gpu
def test_gpu_pipeline_keeps_up_with_its_slowest_part(report: Report, tmp_path: Path) -> None:
    source = FEW_PEOPLE if FEW_PEOPLE.exists() else BUNDLED
    clip = ten_seconds_of(source, tmp_path / "ten.mp4", size=(1920, 1080))
    limits, device = ClipLimits(batch_frames=32), this_device()
    listening = ListeningModels(device=device)
    analyse_clip(clip, limits=limits, models=listening)
    models = Models(device=device)
    run_bare(models, listening.asked)
    frames = 50 * AT_ONCE

    def everywhere(work: Callable[[], object]) -> float:
        """Frames a second of the same work on several clips at once."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return frames / seconds_of(lambda: list(pool.map(lambda _: work(), range(AT_ONCE))))

    decoding = max(everywhere(lambda: decode(clip, limits, device)) for _ in range(REPEATS))
    alone = max(everywhere(lambda: run_bare(models, listening.asked)) for _ in range(REPEATS))
    whole = max(
        everywhere(lambda: analyse_clip(clip, limits=limits, models=models)) for _ in range(REPEATS)
    )
    report.say("looked-at frames a second, decoding alone", decoding)
    report.say("looked-at frames a second, models alone", alone)
    report.say("looked-at frames a second, pipeline", whole)
    report.say("clips of 10 s at 1080p a second", whole / 50)
    report.say("pipeline / slower part", whole / min(decoding, alone))
    assert whole / min(decoding, alone) >= LEAST_SHARE_ON_A_GPU


@needs_gpu
@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg4"])
def test_gpu_decoder_gives_the_frames_of_the_cpu(
    codec: str, report: Report, tmp_path: Path
) -> None:
    path = ten_seconds_of(BUNDLED, tmp_path / "ten.mp4", size=(640, 480), codec=codec)
    limits = ClipLimits()
    there, here = (
        list(open_clip(path, limits=limits, decoder=decoder).batches())
        for decoder in (Decoder.DALI_GPU, Decoder.PYAV)
    )
    for one, another in zip(there, here, strict=True):
        np.testing.assert_allclose(one.times, another.times, atol=2e-3)
        difference = np.abs(one.images.astype(int) - another.images)
        report.say("mean difference of 0..255", float(difference.mean()))
        assert difference.mean() < 3
