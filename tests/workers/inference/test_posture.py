"""Posture rules on drawn bodies: the same body gives the same reading wherever and however large it stands."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.workers.inference.bodies import SURE, standing, with_joint
from workers.inference import posture
from workers.inference.poses import Joint
from workers.inference.signals_series import POSTURE_RULES


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


@given(
    hnp.arrays(np.float64, (17, 2), elements=st.floats(-1e4, 1e4)),
    hnp.arrays(np.float64, 17, elements=st.floats(0, 1)),
)
def test_the_nearer_hand_and_the_farther_arm_are_what_a_posture_tells(
    points: np.ndarray, trust: np.ndarray
) -> None:
    for whole, each in (
        (posture.hand_to_torso, posture.hands_to_torso),
        (posture.reach, posture.arms_reaching),
    ):
        seen = [reading.value for reading in each(points, trust) if reading is not None]
        reading = whole(points, trust)
        assert (reading.value if reading else None) == max(seen, default=None)
