"""Training: what is read, fitted, written and refused. The figures on real poses are in tests/bench."""

import hashlib

import numpy as np
import onnxruntime as ort
import pytest
from django.core.management import CommandError, call_command

from tests.workers.inference.test_behaviour import STANDING
from workers.inference.behaviour.features import FeatureSet
from workers.inference.device import this_device
from workers.inference.registry import BEHAVIOUR, Models
from workers.inference.training.examples import examples_of
from workers.inference.training.export import onnx_bytes
from workers.inference.training.figures import alerts_in, auc_interval, recall_at
from workers.inference.training.fitting import Recipe, calibration_of
from workers.inference.training.poses import PosesRefused, read_poses
from workers.inference.training.protocol import auc_of, held_out_scores, run_protocol
from workers.inference.training.report import facts_of, report_of

QUICK = (Recipe(features=FeatureSet.UPPER, hidden=4, members=2, epochs=4, altered_copies=0),)


def write_poses(path, *, cameras=3, **changed):
    """Normal clips of people who stand and walk, and per camera two in which an arm is raised for two seconds."""
    rng = np.random.default_rng(1)
    names, splits, rows, labelled = [], [], [], []
    for camera in range(cameras):
        for number in range(5):
            index, acting = len(names), number >= 3
            names.append(f"{camera}_{number}")
            splits.append("Test" if acting else "Train")
            label = np.zeros(90, dtype=np.uint8)
            label[30:70] = acting
            if acting:
                labelled.append((names[-1], label))
            for frame in range(90):
                points = STANDING * 8 + (300 + frame, 240) + rng.normal(0, 1, (17, 2))
                if label[frame]:
                    points[[9, 7]] -= (0, 80 + 30 * np.sin(frame))
                rows.append((index, frame, np.column_stack([points, np.full(17, 0.8)])))
    arrays = {
        "clip_name": np.array(names),
        "clip_split": np.array(splits),
        "clip": np.array([row[0] for row in rows]),
        "frame": np.array([row[1] for row in rows]),
        "person": np.ones(len(rows), dtype=int),
        "box_xyxy": np.tile([10.0, 10.0, 500.0, 400.0], (len(rows), 1)),
        "keypoints_xyc": np.array([row[2] for row in rows]),
        "gt_clip": np.array([name for name, _ in labelled]),
        "gt_len": np.array([len(label) for _, label in labelled]),
        "gt": np.concatenate([label for _, label in labelled]),
    }
    np.savez(path, **{k: v for k, v in (arrays | changed).items() if v is not None})
    return path


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    return read_poses(write_poses(tmp_path_factory.mktemp("poses") / "poses.npz"))


@pytest.fixture(scope="module")
def outcome(clips):
    return run_protocol(clips, recipes=QUICK)


def test_an_act_that_poses_show_is_found_on_cameras_never_seen(clips, outcome):
    scores = held_out_scores(clips, examples_of(clips), outcome.held)
    assert auc_of(clips, scores) > 0.9
    low, high = auc_interval(clips, scores)
    assert low <= auc_of(clips, scores) <= high


def test_a_camera_is_scored_only_by_a_model_that_never_saw_it(clips, outcome):
    without = [clip for clip in clips if clip.camera != "0"]
    with pytest.raises(Exception, match="three are needed"):
        run_protocol(without, recipes=QUICK)
    assert [one.camera for one in outcome.held] == ["0", "1", "2"]
    assert len({one.network.first.tobytes() for one in outcome.held}) == 3


def test_the_same_data_give_the_same_file(clips, outcome):
    facts = facts_of(report_of(clips, outcome, data="made up"), outcome)
    again = run_protocol(clips, recipes=QUICK)
    assert onnx_bytes(outcome.network, facts=facts) == onnx_bytes(again.network, facts=facts)


def test_the_file_answers_as_the_fitted_network_does(clips, outcome):
    facts = facts_of(report_of(clips, outcome, data="made up"), outcome)
    session = ort.InferenceSession(
        onnx_bytes(outcome.network, facts=facts), providers=["CPUExecutionProvider"]
    )
    features = examples_of(clips).features(FeatureSet.UPPER)
    answers = session.run(None, {"features": features})[0][:, 0]
    assert np.allclose(answers, outcome.network.log_odds(features), atol=1e-4)


def test_calibration_never_turns_the_ranking_round():
    slope, _ = calibration_of(np.array([2.0, 1.0, 0.0, -1.0]), np.array([False, False, True, True]))
    assert slope > 0


def test_near_moments_above_the_threshold_are_one_alert():
    scores = np.full(400, np.nan)
    scores[[10, 20, 300]] = 1.0
    assert alerts_in(scores, threshold=1.0, fps=15.0) == 2


def test_recall_keeps_within_the_rate_of_false_alerts(clips):
    chance = np.random.default_rng(3)
    scores = {k: chance.random(len(clip.labels)) for k, clip in enumerate(clips)}
    recall = recall_at(clips, scores, per_hour=200.0)
    normal = [k for k, clip in enumerate(clips) if clip.is_normal]
    raised = sum(alerts_in(scores[k], threshold=recall.threshold, fps=15.0) for k in normal)
    assert raised <= 200.0 * recall.hours


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"gt": None}, "has no gt"), ({"gt_len": np.array([5])}, "not as long")],
    ids=["an array is missing", "lengths disagree"],
)
def test_a_file_of_another_format_is_refused_in_words(tmp_path, changed, said):
    with pytest.raises(PosesRefused, match=said):
        read_poses(write_poses(tmp_path / "poses.npz", **changed))


def test_poses_filled_in_by_others_are_left_out(tmp_path):
    path = write_poses(tmp_path / "poses.npz")
    with np.load(path) as file:
        keypoints = file["keypoints_xyc"]
    keypoints[5, :, 2] = np.nan
    first = read_poses(write_poses(path, keypoints_xyc=keypoints))[0]
    assert 5 not in first.paths[0].frames


def test_the_command_writes_a_model_that_its_entry_activates(tmp_path, monkeypatch):
    monkeypatch.setattr("workers.management.commands.train_behaviour.RECIPES", QUICK)
    path, out = write_poses(tmp_path / "poses.npz"), tmp_path / "out"
    call_command("train_behaviour", poses=path, out=out)
    models = Models(device=this_device(), user_file=out / "registry.toml")
    digest = hashlib.sha256((out / "model.onnx").read_bytes()).hexdigest()
    assert models.get(BEHAVIOUR).entry.sha256 == digest
    assert "corroborates, it does not accuse" in (out / "card.md").read_text()
    assert Models(device=this_device()).get(BEHAVIOUR).entry.sha256 != digest


def test_a_tenant_with_too_few_judged_alerts_is_told_so(world, tmp_path):
    with pytest.raises(CommandError, match="0 confirmed and 0 refuted"):
        call_command("train_behaviour", tenant=world.tenant.slug, out=tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_unknown_tenant_is_named(db, tmp_path):
    with pytest.raises(CommandError, match="no tenant 'nobody'"):
        call_command("train_behaviour", tenant="nobody", out=tmp_path)
