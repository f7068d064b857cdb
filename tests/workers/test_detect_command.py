"""`manage.py detect` and `manage.py models`: what a person at a terminal gets."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from django.core.management import CommandError, call_command
from rich.console import Console

from apps.triage.saliency import (
    CurvePair,
    Faithfulness,
    JointMap,
    Region,
    RegionShare,
    Saliency,
    WhyNot,
)
from workers.inference.model_entries import REGISTRY_FILE, use_registry
from workers.management.detector_tables import print_saliency

CLIP = Path(__file__).parents[2] / "workers/inference/clips/pets2009-walkway.mp4"
DOOR = [{"kind": "exit", "name": "Door", "polygon": [[0.7, 0.1], [0.98, 0.1], [0.98, 0.6]]}]


@pytest.fixture(autouse=True)
def own_models_only(settings: Any) -> object:
    settings.MODELS_FILE = None
    yield
    use_registry(None)


def detect(*arguments: object) -> str:
    printed = io.StringIO()
    call_command("detect", *map(str, arguments), stdout=printed)
    return printed.getvalue()


def frames_of(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as clip:
        return [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]


def test_people_signals_models_and_times_are_printed() -> None:
    printed = detect(CLIP)
    for words in (
        "640×480",
        "hand_to_torso",
        "person-cocossd",
        "person",
        "Score",
        "poses",
        "total",
    ):
        assert words in printed


def test_the_record_is_printed_with_the_zones_that_were_given(tmp_path: Path) -> None:
    zones = tmp_path / "zones.json"
    zones.write_text(json.dumps(DOOR))
    record = json.loads(detect(CLIP, "--json", "--zones", zones))
    assert len(record["tracks"]) >= 5
    assert record["zones"] == DOOR
    assert record["timings_ms"]["poses"] > 0


def test_the_overlay_is_the_clip_with_people_and_zones_drawn_in(tmp_path: Path) -> None:
    zones, overlay = tmp_path / "zones.json", tmp_path / "over.mp4"
    zones.write_text(json.dumps(DOOR))
    record = json.loads(detect(CLIP, "--json", "--overlay", overlay, "--zones", zones))
    plain, drawn = frames_of(CLIP), frames_of(overlay)
    assert len(drawn) == len(plain)
    assert drawn[0].shape == plain[0].shape
    changed = np.abs(drawn[20].astype(int) - plain[20]).max(axis=2) > 25
    for track in record["tracks"]:
        box = next((s["box"] for s in track["samples"] if s["t"] == 2.0), None)
        if box is not None:
            edge = changed[:, round(box[0] * 640) - 2 : round(box[0] * 640) + 3].any(axis=1)
            assert edge[round(box[1] * 480) : round(box[3] * 480)].mean() > 0.3
    far_from_everything = changed[430:470, 250:400]
    assert far_from_everything.mean() < 0.1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[{]", "not a list of zones"),
        ('[{"kind": "exit"}]', "name"),
        ('[{"kind": "exit", "name": "x", "polygon": []}]', "three or more corners"),
    ],
)
def test_zones_that_are_none_are_refused(content: str, words: str, tmp_path: Path) -> None:
    zones = tmp_path / "zones.json"
    zones.write_text(content)
    with pytest.raises(CommandError, match=words):
        detect(CLIP, "--zones", zones)


def test_a_file_that_is_no_video_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_text("no video")
    with pytest.raises(CommandError, match="not a video"):
        detect(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.mp4"):
        detect(tmp_path / "nowhere.mp4")


def models() -> str:
    printed = io.StringIO()
    call_command("models", stdout=printed)
    return printed.getvalue()


def test_every_model_is_listed_with_its_job_and_checked() -> None:
    printed = models()
    assert "person-cocossd" in printed
    assert "does it" in printed
    assert "REFUSED" not in printed


def test_a_users_model_with_a_wrong_digest_is_named(tmp_path: Path, settings: Any) -> None:
    entry = REGISTRY_FILE.read_text().partition('id = "pose-movenet-lightning"')[2]
    entry = entry.partition("[[model]]")[0]
    (tmp_path / "models").mkdir()
    (tmp_path / "models/movenet-lightning.onnx").write_bytes(b"something else")
    settings.MODELS_FILE = tmp_path / "models.toml"
    settings.MODELS_FILE.write_text(f'[[model]]\nid = "mine"{entry}')
    found = hashlib.sha256(b"something else").hexdigest()
    with pytest.raises(CommandError, match=f"Model mine: .*{found}"):
        models()


def test_what_moved_the_score_is_told_with_its_trust_or_its_absence() -> None:
    curves = CurvePair(deletion=0.2, insertion=0.6)
    joints = JointMap(
        method="exact",
        track=1,
        times=(0.0,),
        contributions=((0.1,) * 17,),
        base=0.0,
        rest=0.0,
        answer=1.7,
        scale="log odds",
        regions=(RegionShare(region=Region.BODY, share=1.0),),
        faithfulness=Faithfulness(
            own=curves,
            centre=curves,
            random=(curves,),
            alike=None,
            copies=0,
            why_not=(WhyNot.NO_BETTER_THAN_CENTRE,),
        ),
    )
    saliency = Saliency(
        detector="reference-behaviour@1",
        of_the_alert=True,
        score=0.4,
        start_seconds=1.0,
        end_seconds=2.6,
        picture=None,
        picture_absent="no picture",
        joints=joints,
        joints_absent="",
        models=(),
        seconds=0.1,
    )
    printed = io.StringIO()
    console = Console(file=printed, width=140)
    print_saliency(console, saliency)
    print_saliency(console, "nobody was seen")
    told = printed.getvalue()
    for words in (
        "1.0–2.6 s",
        "not reliable: no better than centre",
        "no picture",
        "nobody was seen",
    ):
        assert words in told


@pytest.mark.timeout(600)
def test_what_moved_the_score_is_found_on_a_real_clip_end_to_end() -> None:
    """The shipped models on the bundled clip, nothing stood in for: the map has to beat the middle and chance."""
    record = json.loads(detect(CLIP, "--json", "--saliency"))
    told, joints = record["saliency"], record["saliency"]["joints"]
    assert told["detector"].startswith("reference-behaviour@")
    assert told["score"] == pytest.approx(record["behaviour"]["score"], abs=0.005)
    for one in (told["picture"], joints):
        shares = [part["share"] for part in one["regions"] if part["share"] is not None]
        assert sum(shares) == pytest.approx(1, abs=1e-3)
    assert told["picture"]["evaluations"] > 50
    faith = joints["faithfulness"]
    best_of_chance = max(gain(curve) for curve in faith["random"])
    assert gain(faith["own"]) > max(gain(faith["centre"]), best_of_chance)
    assert (faith["copies"] > 0, faith["why_not"]) == (True, [])
    answer = joints["base"] + joints["rest"] + sum(map(sum, joints["contributions"]))
    assert answer == pytest.approx(joints["answer"], abs=1e-3)


def gain(curve: dict[str, float]) -> float:
    return curve["insertion"] - curve["deletion"]
