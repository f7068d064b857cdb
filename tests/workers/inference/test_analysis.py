"""The whole look at a clip: the bundled one stays as it was written down, odd ones are defined."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.workers.inference.conftest import GOLDEN, WriteClip
from workers.inference.analysis import analyse_clip
from workers.inference.boxes import iou_matrix
from workers.inference.limits import ClipLimits
from workers.inference.results import ClipAnalysis

SURE = 0.5


@pytest.fixture(scope="module")
def analysis(bundled_clip: Path) -> ClipAnalysis:
    return analyse_clip(bundled_clip, limits=ClipLimits())


@pytest.fixture(scope="module")
def record(analysis: ClipAnalysis) -> dict[str, Any]:
    return json.loads(json.dumps(analysis.to_json(), allow_nan=False))


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    return json.loads(GOLDEN.read_text())


def boxes_at(track: dict[str, Any]) -> dict[float, np.ndarray]:
    return {sample["t"]: np.array([sample["box"]]) for sample in track["samples"]}


def agreement(wanted: dict[str, Any], found: dict[str, Any]) -> float:
    """The share of the wanted track's samples that the found track overlaps well."""
    boxes = boxes_at(found)
    hits = [
        t in boxes and float(iou_matrix(box, boxes[t])[0, 0]) > 0.75
        for t, box in boxes_at(wanted).items()
    ]
    return float(np.mean(hits))


def same_track(wanted: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    return max(record["tracks"], key=lambda found: agreement(wanted, found))


def test_every_long_track_is_found_again(record: dict[str, Any], golden: dict[str, Any]) -> None:
    assert len(golden["tracks"]) >= 5
    for wanted in golden["tracks"]:
        assert agreement(wanted, same_track(wanted, record)) >= 0.8


def test_sure_keypoints_stay_where_they_were(
    record: dict[str, Any], golden: dict[str, Any]
) -> None:
    for wanted in golden["tracks"]:
        found = {s["t"]: s for s in same_track(wanted, record)["samples"]}
        pairs = [
            (s["keypoints"], found[s["t"]]["keypoints"])
            for s in wanted["samples"]
            if s["t"] in found
        ]
        both = [(np.array(a), np.array(b)) for a, b in pairs if a and b]
        distances = [np.abs(a - b)[a[:, 2] > SURE][:, :2].ravel() for a, b in both]
        assert np.median(np.concatenate(distances)) < 0.01


def test_the_scene_stays_as_it_was(record: dict[str, Any], golden: dict[str, Any]) -> None:
    assert record["lighting"]["state"] == golden["lighting"]["state"]
    assert record["lighting"]["luma_mean"] == pytest.approx(golden["lighting"]["luma_mean"], abs=3)
    assert record["crowding"]["people_mean"] == pytest.approx(
        golden["crowding"]["people_mean"], abs=0.5
    )


def test_models_are_named_with_their_digests(
    record: dict[str, Any], golden: dict[str, Any]
) -> None:
    assert [m["sha256"] for m in record["models"]] == [m["sha256"] for m in golden["models"]]


def test_the_record_has_the_agreed_form(record: dict[str, Any]) -> None:
    assert record["version"] == 2
    assert (record["width"], record["height"], record["fps"]) == (640, 480, 10.0)
    assert record["duration_seconds"] == pytest.approx(10.0)
    assert record["sampled_fps"] == 5.0
    sample = record["tracks"][0]["samples"][0]
    assert set(sample) == {"t", "box", "score", "keypoints"}
    assert np.array(sample["keypoints"]).shape == (17, 3)
    assert set(record["timings_ms"]) >= {"probe", "decode", "people", "poses", "poster", "total"}


def test_the_poster_is_the_clips_picture(analysis: ClipAnalysis) -> None:
    with Image.open(io.BytesIO(analysis.poster_jpeg)) as still:
        assert still.size == (640, 480)


def test_progress_is_told_in_order_and_ends(bundled_clip: Path) -> None:
    told: list[tuple[str, float]] = []
    analyse_clip(bundled_clip, limits=ClipLimits(), progress=lambda s, f: told.append((s, f)))
    people = [fraction for stage, fraction in told if stage == "people"]
    assert told[0] == ("probe", 1.0)
    assert people == sorted(people)
    assert people[-1] == pytest.approx(1.0)
    assert told[-1] == ("poster", 1.0)


def test_two_threads_find_the_same(bundled_clip: Path, record: dict[str, Any]) -> None:
    with ThreadPoolExecutor(2) as pool:
        runs = pool.map(
            lambda _: analyse_clip(bundled_clip, limits=ClipLimits()).to_json(), range(2)
        )
        for run in runs:
            assert run["tracks"] == record["tracks"]
            assert run["signals"] == record["signals"]


def test_a_clip_of_one_frame_has_a_defined_result(
    write_clip: WriteClip, limits: ClipLimits
) -> None:
    analysis = analyse_clip(write_clip("clip.mp4", frames=1), limits=limits)
    assert analysis.tracks == ()
    assert analysis.crowding.people_max == 0
    assert analysis.marked_span.start_seconds == 0
    assert analysis.marked_span.end_seconds == pytest.approx(analysis.duration_seconds)
    assert {s.track for s in analysis.signals} == {None}
    assert analysis.poster_jpeg.startswith(b"\xff\xd8")


def test_a_single_frame_with_people_still_shows_them(bundled_clip: Path) -> None:
    analysis = analyse_clip(bundled_clip, limits=ClipLimits(max_sampled_frames=1))
    assert len(analysis.tracks) >= 3
    assert all(len(track.samples) == 1 for track in analysis.tracks)


def test_a_clip_of_two_pixels_is_survived(write_clip: WriteClip, limits: ClipLimits) -> None:
    analysis = analyse_clip(write_clip("clip.mp4", size=(2, 2), frames=3), limits=limits)
    assert (analysis.width, analysis.height) == (2, 2)


def test_only_so_many_people_are_posed(bundled_clip: Path) -> None:
    analysis = analyse_clip(bundled_clip, limits=ClipLimits(people_posed=1))
    frames: dict[float, int] = {}
    for track in analysis.tracks:
        for sample in track.samples:
            frames[sample.seconds] = frames.get(sample.seconds, 0) + (sample.keypoints is not None)
    assert max(frames.values()) == 1


def test_a_full_record_of_people_ends_the_look(bundled_clip: Path) -> None:
    analysis = analyse_clip(bundled_clip, limits=ClipLimits(max_samples=40))
    assert 40 <= sum(len(track.samples) for track in analysis.tracks) <= 40 + 8 * 8
