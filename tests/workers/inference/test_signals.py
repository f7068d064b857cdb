"""Posture rules on drawn bodies, and what each signal says about its own worth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from workers.inference import posture
from workers.inference.poses import Joint
from workers.inference.results import Span, Track, TrackSample, Validity
from workers.inference.signals import (
    NOT_FROM_POSE,
    POSTURE_RULES,
    signals_of,
    smoothed,
    span_around_peak,
)

SURE = np.full(17, 0.9)


def standing() -> np.ndarray:
    """A person 200 pixels high, arms hanging a little away from the body."""
    points = np.zeros((17, 2))
    placed = {
        Joint.NOSE: (100, 20),
        Joint.LEFT_EYE: (103, 17),
        Joint.RIGHT_EYE: (97, 17),
        Joint.LEFT_EAR: (107, 18),
        Joint.RIGHT_EAR: (93, 18),
        Joint.LEFT_SHOULDER: (118, 50),
        Joint.RIGHT_SHOULDER: (82, 50),
        Joint.LEFT_ELBOW: (128, 80),
        Joint.RIGHT_ELBOW: (72, 80),
        Joint.LEFT_WRIST: (138, 110),
        Joint.RIGHT_WRIST: (62, 110),
        Joint.LEFT_HIP: (112, 110),
        Joint.RIGHT_HIP: (88, 110),
        Joint.LEFT_KNEE: (113, 155),
        Joint.RIGHT_KNEE: (87, 155),
        Joint.LEFT_ANKLE: (114, 200),
        Joint.RIGHT_ANKLE: (86, 200),
    }
    for joint, point in placed.items():
        points[joint] = point
    return points


def with_joint(points: np.ndarray, joint: Joint, x: float, y: float) -> np.ndarray:
    moved = points.copy()
    moved[joint] = (x, y)
    return moved


def value(reading: posture.Reading | None) -> float:
    assert reading is not None
    return reading.value


def test_a_hand_on_the_belly_is_nearer_the_torso_than_a_hanging_one() -> None:
    touching = with_joint(standing(), Joint.LEFT_WRIST, 100, 85)
    assert value(posture.hand_to_torso(touching, SURE)) > 0.95
    assert value(posture.hand_to_torso(standing(), SURE)) < 0.3


def test_an_outstretched_arm_reaches_and_a_hanging_one_hardly() -> None:
    stretched = with_joint(standing(), Joint.LEFT_WRIST, 178, 55)
    assert value(posture.reach(stretched, SURE)) > 0.95
    assert value(posture.reach(standing(), SURE)) < 0.6


def test_an_arm_raised_to_a_high_shelf_reaches() -> None:
    raised = with_joint(standing(), Joint.LEFT_WRIST, 122, -10)
    assert value(posture.reach(raised, SURE)) > 0.9


def test_bent_knees_crouch_and_straight_ones_do_not() -> None:
    squatting = standing()
    squatting[[Joint.LEFT_KNEE, Joint.RIGHT_KNEE]] = [(150, 120), (50, 120)]
    squatting[[Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE]] = [(120, 150), (80, 150)]
    assert value(posture.crouch(squatting, SURE)) > 0.9
    assert value(posture.crouch(standing(), SURE)) == 0.0


@pytest.mark.parametrize("rule", POSTURE_RULES.values(), ids=POSTURE_RULES.keys())
def test_joints_that_are_not_seen_give_no_reading(rule: object) -> None:
    assert rule(standing(), np.full(17, 0.1)) is None  # type: ignore[operator]


@given(
    hnp.arrays(np.float64, (17, 2), elements=st.floats(-1e4, 1e4)),
    hnp.arrays(np.float64, 17, elements=st.floats(0, 1)),
)
def test_every_reading_lies_between_zero_and_one(points: np.ndarray, trust: np.ndarray) -> None:
    for rule in POSTURE_RULES.values():
        reading = rule(points, trust)
        if reading is not None:
            assert 0 <= reading.value <= 1
            assert posture.MIN_CONFIDENCE <= reading.confidence <= 1


@given(st.floats(0.2, 20), st.floats(-500, 500), st.booleans())
def test_distance_place_and_side_do_not_matter(scale: float, shift: float, mirror: bool) -> None:
    body = with_joint(standing(), Joint.LEFT_WRIST, 150, 70)
    moved = body * scale + shift
    if mirror:
        moved[:, 0] *= -1
    for rule in POSTURE_RULES.values():
        assert value(rule(moved, SURE)) == pytest.approx(value(rule(body, SURE)), abs=1e-6)


def track_of(poses: list[np.ndarray | None]) -> Track:
    box = np.array([0.1, 0.1, 0.3, 0.9])
    return Track(
        id=7,
        samples=tuple(
            TrackSample(seconds=0.2 * k, box=box, score=0.8, keypoints=pose)
            for k, pose in enumerate(poses)
        ),
    )


def normalised(points: np.ndarray) -> np.ndarray:
    return np.column_stack([points / (400, 300), SURE])


def signals_by_name(track: Track) -> dict[str, object]:
    signals = signals_of([track], width=400, height=300, duration_seconds=2.0)
    return {signal.name: signal for signal in signals}


def test_a_signal_names_its_span_its_track_and_its_worth() -> None:
    touching = normalised(with_joint(standing(), Joint.LEFT_WRIST, 100, 85))
    hanging = normalised(standing())
    signal = signals_by_name(track_of([hanging] * 3 + [touching] * 3 + [hanging] * 3))[
        "hand_to_torso"
    ]
    assert signal.value > 0.95  # type: ignore[attr-defined]
    assert signal.span.start_seconds == pytest.approx(0.6)  # type: ignore[attr-defined]
    assert signal.span.end_seconds == pytest.approx(1.0)  # type: ignore[attr-defined]
    assert signal.track == 7  # type: ignore[attr-defined]
    assert signal.validity is Validity.NO_EVIDENTIAL_WEIGHT  # type: ignore[attr-defined]
    assert "chance" in signal.why  # type: ignore[attr-defined]


def test_one_stray_pose_raises_no_signal() -> None:
    touching = normalised(with_joint(standing(), Joint.LEFT_WRIST, 100, 85))
    hanging = normalised(standing())
    stray = signals_by_name(track_of([hanging] * 4 + [touching] + [hanging] * 4))["hand_to_torso"]
    assert stray.value < 0.3  # type: ignore[attr-defined]


def test_what_a_pose_cannot_see_carries_no_number() -> None:
    signals = signals_of([], width=400, height=300, duration_seconds=2.0)
    assert {signal.name for signal in signals} == set(NOT_FROM_POSE)
    for signal in signals:
        assert signal.value is None
        assert signal.confidence is None
        assert signal.track is None
        assert signal.to_json()["validity"] == {"state": "not_measurable", "why": signal.why}


def test_a_track_without_poses_is_not_measurable_but_dwells() -> None:
    signals = signals_by_name(track_of([None, None, None]))
    assert signals["reach"].validity is Validity.NOT_MEASURABLE  # type: ignore[attr-defined]
    assert signals["dwell_in_view"].value == pytest.approx(0.2)  # type: ignore[attr-defined]


def test_nothing_claims_evidential_weight() -> None:
    signals = signals_of(
        [track_of([normalised(standing())] * 3)], width=400, height=300, duration_seconds=1.0
    )
    assert {s.validity for s in signals} <= {
        Validity.NO_EVIDENTIAL_WEIGHT,
        Validity.NOT_MEASURABLE,
    }


@given(hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(0, 1)))
def test_smoothing_stays_within_the_values_and_the_span_holds_the_peak(values: np.ndarray) -> None:
    smooth = smoothed(values)
    assert len(smooth) == len(values)
    assert values.min() <= smooth.min() <= smooth.max() <= values.max()
    first, last = span_around_peak(smooth)
    assert first <= int(np.argmax(smooth)) <= last


def test_a_span_cannot_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="ends at or after"):
        Span(2.0, 1.0)
