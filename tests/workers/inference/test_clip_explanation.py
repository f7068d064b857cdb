"""A whole clip explained with a behaviour model of which it is known what it reads; people and poses are real."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from workers.inference import clip_explanation
from workers.inference.analysis import analyse_clip
from workers.inference.behaviour.features import FeatureSet, features_of, normalised
from workers.inference.behaviour.model import BehaviourModel, ModelFacts
from workers.inference.behaviour.windows import windows_of
from workers.inference.clip_explanation import (
    Subject,
    UnableToExplain,
    explain_external,
    explain_own,
)
from workers.inference.joint_effects import GROUPS, joint_effects, still
from workers.inference.limits import ClipLimits
from workers.inference.poses import Joint
from workers.inference.randomised import with_chance_weights
from workers.inference.reading import FrameBatch
from workers.inference.registry import Models
from workers.inference.results import BehaviourReading, ClipAnalysis
from workers.inference.saliency import SaliencyBudget
from workers.inference.scoring import UnableToScore

SMALL = SaliencyBudget(rounds=2, groups=3, curve_steps=3, random_maps=2)
FACTS = ModelFacts(features=FeatureSet.UPPER, operating_threshold=0.5, threshold_from="a test")


def reading(column: int, *, weight: float = 4.0) -> BehaviourModel:
    """A model that reads one column of its features."""
    return BehaviourModel(
        version="transparent",
        facts=FACTS,
        log_odds=lambda features: weight * features[:, column].astype(np.float64),
    )


@pytest.fixture(scope="module")
def analysis(bundled_clip: Path, models: Models) -> ClipAnalysis:
    return analyse_clip(bundled_clip, limits=ClipLimits(), models=models)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> BehaviourModel:
    made = reading(0)
    monkeypatch.setattr(clip_explanation, "behaviour_model", lambda models: made)
    monkeypatch.setattr(clip_explanation, "_uses", lambda models: (("behaviour", "a" * 64),))
    return made


def read_by(model: BehaviourModel, analysis: ClipAnalysis) -> Subject:
    found = model.read(analysis.tracks, width=analysis.width, height=analysis.height)
    return replace(Subject.of(analysis), reading=found)


def a_window(analysis: ClipAnalysis) -> np.ndarray:
    for track in analysis.tracks:
        windows = windows_of(track, width=analysis.width, height=analysis.height)
        if len(windows):
            return normalised(windows.poses[:1])[0]
    raise AssertionError("somebody walks through the bundled clip")


def test_contributions_of_joints_add_up_exactly_whatever_the_model(analysis: ClipAnalysis) -> None:
    poses = a_window(analysis)
    weights = np.random.default_rng(1).normal(size=features_of(poses[None]).shape[1])
    model = BehaviourModel(
        version="curved",
        facts=FACTS,
        log_odds=lambda features: np.tanh(features.astype(np.float64) @ weights),
    )
    found = joint_effects(model, poses, start_seconds=2.0)
    assert found.rest == pytest.approx(0.0, abs=1e-9)
    assert found.base + found.contributions.sum() == pytest.approx(found.answer)
    assert found.answer == pytest.approx(float(model.pose_log_odds(poses[None])[0]))
    assert found.times == pytest.approx(2.0 + 0.2 * np.arange(8))


def test_a_model_that_reads_one_wrist_at_one_moment_owes_everything_to_it(
    analysis: ClipAnalysis,
) -> None:
    class OneWrist(BehaviourModel):
        def pose_log_odds(self, poses: np.ndarray) -> np.ndarray:
            return poses[:, 3, Joint.RIGHT_WRIST, 0]

    poses = a_window(analysis)
    model = OneWrist(version="one wrist", facts=FACTS, log_odds=lambda features: features[:, 0])
    found = joint_effects(model, poses, start_seconds=0.0)
    owed = poses[3, Joint.RIGHT_WRIST, 0] - still(poses)[3, Joint.RIGHT_WRIST, 0]
    assert found.contributions[2:4, Joint.RIGHT_WRIST].sum() == pytest.approx(owed)
    assert np.count_nonzero(np.abs(found.contributions) > 1e-9) == 2


def test_the_legs_of_a_model_that_does_not_see_them_add_nothing(analysis: ClipAnalysis) -> None:
    found = joint_effects(reading(3), a_window(analysis), start_seconds=0.0)
    seen = {joint for group in GROUPS for joint in group}
    assert not found.contributions[:, [j for j in range(17) if j not in seen]].any()


def test_standing_still_moves_nothing_and_hangs_both_arms(analysis: ClipAnalysis) -> None:
    held = still(a_window(analysis))
    assert not np.ptp(held, axis=0).any()
    hips = held[0, [Joint.LEFT_HIP, Joint.RIGHT_HIP]].mean(axis=0)
    shoulders = held[0, [Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER]].mean(axis=0)
    for wrist, shoulder in ((Joint.LEFT_WRIST, Joint.LEFT_SHOULDER),):
        assert (held[0, wrist] - held[0, shoulder]) @ (hips - shoulders) > 0


def test_a_copy_with_chance_weights_is_another_model_and_the_same_for_the_same_seed() -> None:
    features = np.random.default_rng(4).normal(size=(5, 139)).astype(np.float32)
    model = reading(7)
    first, again, other = (
        with_chance_weights(model, seed=seed).log_odds(features) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, model.log_odds(features))


def test_our_own_score_has_both_maps_and_the_same_seed_gives_them_again(
    bundled_clip: Path, analysis: ClipAnalysis, models: Models, model: BehaviourModel
) -> None:
    subject = read_by(model, analysis)
    made = [
        explain_own(bundled_clip, subject, models=models, limits=ClipLimits(), budget=SMALL)
        for _ in range(2)
    ]
    first, second = (replace(one, seconds=0.0) for one in made)
    assert first == second
    assert first.picture is not None
    assert first.joints is not None
    assert first.picture.evaluations == SMALL.evaluations
    assert first.joints.faithfulness.copies == first.picture.faithfulness.copies == 3
    for found in (first.picture, first.joints):
        known = [one.share for one in found.regions if one.share is not None]
        assert not known or sum(known) == pytest.approx(1)


def test_for_another_detectors_alert_our_own_reading_is_labelled_and_cheap(
    bundled_clip: Path, analysis: ClipAnalysis, models: Models, model: BehaviourModel
) -> None:
    found = explain_own(
        bundled_clip,
        read_by(model, analysis),
        models=models,
        limits=ClipLimits(),
        budget=SMALL,
        of_the_alert=False,
    )
    assert not found.of_the_alert
    assert found.picture is None
    assert found.joints is not None


def test_without_a_score_there_is_nothing_to_explain(
    bundled_clip: Path, analysis: ClipAnalysis, models: Models
) -> None:
    nobody = BehaviourReading(version="1", score=None, why="Nobody was followed in this clip.")
    subject = replace(Subject.of(analysis), reading=nobody)
    with pytest.raises(UnableToExplain, match="Nobody was followed"):
        explain_own(bundled_clip, subject, models=models, limits=ClipLimits())


def test_the_stored_analysis_is_explained_like_the_one_in_memory(
    analysis: ClipAnalysis, model: BehaviourModel
) -> None:
    found = model.read(analysis.tracks, width=analysis.width, height=analysis.height)
    stored = Subject.stored(replace(analysis, behaviour=found).to_json())
    assert stored.reading is not None
    assert stored.reading.strongest is not None
    assert found.strongest is not None
    assert stored.reading.strongest.track == found.strongest.track
    assert [track.id for track in stored.tracks] == [track.id for track in analysis.tracks]


def test_a_detector_outside_is_asked_about_the_marked_span(
    bundled_clip: Path, analysis: ClipAnalysis
) -> None:
    class Brightness:
        name = "adapter of kiosk-9"
        asked = 0

        def score(self, frames: FrameBatch) -> float:
            self.asked += 1
            return float(frames.images[:, :100, :100].mean() / 255)

    scorer = Brightness()
    found = explain_external(
        bundled_clip,
        Subject.of(analysis),
        scorer=scorer,
        detector="kiosk@9",
        limits=ClipLimits(),
        budget=SMALL,
    )
    assert found.picture is not None
    assert found.picture.faithfulness.alike is None
    assert found.joints is None
    assert scorer.asked <= SMALL.evaluations + 1


def test_a_detector_that_does_not_answer_is_a_sentence(
    bundled_clip: Path, analysis: ClipAnalysis
) -> None:
    class Silent:
        name = "silent"

        def score(self, frames: FrameBatch) -> float:
            raise UnableToScore("It did not answer within 5 s.")

    with pytest.raises(UnableToExplain, match="did not answer"):
        explain_external(
            bundled_clip,
            Subject.of(analysis),
            scorer=Silent(),
            detector="kiosk@9",
            limits=ClipLimits(),
            budget=SMALL,
        )
