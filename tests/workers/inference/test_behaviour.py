"""The behaviour model: windows, features, score, and what it refuses to score."""

import numpy as np
import pytest

from workers.inference.behaviour.features import FeatureSet, features_of, mirrored, normalised
from workers.inference.behaviour.model import NOBODY, NOT_VISIBLE, TOO_SHORT, behaviour_model
from workers.inference.behaviour.scorer import ReferenceScorer
from workers.inference.behaviour.windows import smoothed, windows_of
from workers.inference.limits import ClipLimits
from workers.inference.reading import FrameBatch
from workers.inference.registry import process_models
from workers.inference.results import Track, TrackSample
from workers.inference.scoring import NothingToScore

STANDING = np.array(
    [
        *[(0, -9), (-1, -10), (1, -10), (-2, -9), (2, -9), (-4, -6), (4, -6), (-5, -2), (5, -2)],
        *[(-5, 2), (5, 2), (-3, 3), (3, 3), (-3, 8), (3, 8), (-3, 13), (3, 13)],
    ],
    dtype=float,
)
WIDTH, HEIGHT = 640, 480


def pose_at(seconds, *, scale=6.0, shift=(320.0, 240.0), moving=True):
    points = STANDING.copy()
    if moving:
        points[9] += (4 * np.sin(seconds), -3 * seconds)
        points[7] += (2 * np.sin(seconds), -seconds)
    return points * scale + shift


def track_of(fps, *, seconds=3.0, confidence=0.9, track=1, **pose):
    samples = []
    for k in range(round(seconds * fps) + 1):
        points = pose_at(k / fps, **pose) / (WIDTH, HEIGHT)
        keypoints = np.column_stack([points, np.full(17, confidence)])
        box = np.array([0.3, 0.2, 0.7, 0.8])
        samples.append(TrackSample(seconds=k / fps, box=box, score=0.9, keypoints=keypoints))
    return Track(id=track, samples=tuple(samples))


def poses_of(track):
    return windows_of(track, width=WIDTH, height=HEIGHT)


def test_the_same_movement_gives_nearly_the_same_features_at_15_and_5_frames_a_second():
    dense, sparse = poses_of(track_of(15)), poses_of(track_of(5))
    same = [int(np.argmin(abs(dense.starts - start))) for start in sparse.starts]
    for_dense = features_of(normalised(dense.poses[same]))
    assert np.allclose(for_dense, features_of(normalised(sparse.poses)), atol=1e-4)


@pytest.mark.parametrize("features", list(FeatureSet))
def test_neither_place_nor_distance_changes_a_feature(features):
    near = poses_of(track_of(5, scale=9.0, shift=(100.0, 90.0))).poses
    far = poses_of(track_of(5)).poses
    assert np.allclose(
        features_of(normalised(near, features=features), features=features),
        features_of(normalised(far, features=features), features=features),
        atol=1e-4,
    )


def test_a_score_does_not_know_left_from_right():
    model = behaviour_model(process_models())
    poses = normalised(poses_of(track_of(5)).poses)
    assert np.allclose(model.pose_log_odds(poses), model.pose_log_odds(mirrored(poses)), atol=1e-5)


def test_the_legs_change_nothing():
    model = behaviour_model(process_models())
    poses = normalised(poses_of(track_of(5)).poses)
    kicking = poses.copy()
    kicking[:, :, 13:] += 3.0
    assert np.array_equal(model.pose_log_odds(poses), model.pose_log_odds(kicking))


def test_a_longer_stay_of_somebody_still_scores_the_same():
    model = behaviour_model(process_models())
    short, long = (
        model.read([track_of(5, seconds=s, moving=False)], width=WIDTH, height=HEIGHT)
        for s in (2.0, 20.0)
    )
    assert short.score == pytest.approx(long.score, abs=1e-6)


def test_the_score_of_a_clip_is_the_highest_of_its_people():
    model = behaviour_model(process_models())
    people = [track_of(5), track_of(5, track=2, moving=False)]
    apart = [model.read([one], width=WIDTH, height=HEIGHT).score for one in people]
    assert model.read(people, width=WIDTH, height=HEIGHT).score == max(apart)


def test_one_persons_windows_are_never_smoothed_with_anothers():
    model = behaviour_model(process_models())
    alone = model.read([track_of(5)], width=WIDTH, height=HEIGHT).windows
    both = model.read([track_of(5), track_of(5, track=2, moving=False)], width=WIDTH, height=HEIGHT)
    assert tuple(w for w in both.windows if w.track == 1) == alone


def test_smoothing_is_the_mean_of_the_windows_that_cover_a_time():
    found = smoothed(np.array([0.7, 1.0, 5.0]), np.array([1.0, 3.0, 9.0]), at=np.array([0.9, 3.0]))
    assert found[0] == 2.0
    assert np.isnan(found[1])


@pytest.mark.parametrize(
    ("tracks", "why"),
    [
        ([], NOBODY),
        ([track_of(5, seconds=1.0)], TOO_SHORT),
        ([track_of(1, seconds=9.0)], TOO_SHORT),
        ([track_of(5, confidence=0.05)], NOT_VISIBLE),
    ],
    ids=["nobody", "too short", "sampled too rarely", "not visible"],
)
def test_what_cannot_be_scored_has_no_score_but_a_reason(tracks, why):
    reading = behaviour_model(process_models()).read(tracks, width=WIDTH, height=HEIGHT)
    assert reading.score is None
    assert reading.why == why


def test_frames_in_which_nobody_is_seen_leave_nothing_to_score():
    track = track_of(5, seconds=1.6)
    scorer = ReferenceScorer(
        models=process_models(), tracks=[track], width=WIDTH, height=HEIGHT, limits=ClipLimits()
    )
    times = np.array([sample.seconds for sample in track.samples])
    empty = FrameBatch(times, np.zeros((len(times), HEIGHT, WIDTH, 3), dtype=np.uint8))
    with pytest.raises(NothingToScore, match="followed"):
        scorer.score(empty)
