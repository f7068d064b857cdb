"""The joints' map of a model that is linear, so that its exact contributions are known."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from apps.triage.saliency import JointMap, Region, WhyNot
from tests.workers.inference.test_regions import SCENE, a_person
from workers.inference.explaining import JointEffects, Seen, focus_on, joint_map, times_of
from workers.inference.poses import Joint
from workers.inference.results import Span, Track
from workers.inference.saliency import SaliencyBudget

MOMENTS = 8
TIMES = np.arange(MOMENTS) * 0.2
PERSON = Track(id=3, samples=tuple(a_person(0.4, seconds=float(at)) for at in TIMES))
SEEN = Seen(tracks=(PERSON,), scene=SCENE)


def linear(weights: NDArray[np.float64]) -> JointEffects:
    """A model whose answer is the sum of `weights` [8, 17] of the joints that move."""
    return JointEffects(
        method="linear",
        times=TIMES,
        contributions=weights,
        shares=weights.ravel(),
        base=0.1,
        rest=0.0,
        answer=0.1 + float(weights.sum()),
        scale="score",
    )


def hand_at_hip() -> NDArray[np.float64]:
    weights = np.zeros((MOMENTS, 17))
    weights[2:6, Joint.RIGHT_WRIST] = (0.05, 0.2, 0.2, 0.05)
    weights[3, Joint.NOSE] = 0.02
    return weights


def map_of(
    effects: JointEffects, *copies: NDArray[np.float64], truth: NDArray[np.float64] | None = None
) -> JointMap:
    weights = effects.contributions if truth is None else truth

    def score_without(hidden: NDArray[np.bool_]) -> float:
        return float(0.1 + (weights.ravel() * ~hidden).sum())

    return joint_map(
        3,
        effects=effects,
        copies=[linear(copy) for copy in copies],
        score_without=score_without,
        seen=SEEN,
        budget=SaliencyBudget(),
    )


def test_the_hand_at_the_hip_is_where_the_score_comes_from() -> None:
    found = map_of(linear(hand_at_hip()))
    shares = {one.region: one.share for one in found.regions}
    assert shares[Region.HAND_CLOTHING] == pytest.approx(0.5 / 0.52, abs=1e-4)
    assert shares[Region.BODY] == pytest.approx(0.02 / 0.52, abs=1e-4)
    assert shares[Region.REST] == shares[Region.OTHER_PEOPLE] == 0


def test_contributions_base_and_rest_add_up_to_the_answer() -> None:
    found = map_of(linear(hand_at_hip()))
    total = found.base + sum(map(sum, found.contributions)) + found.rest
    assert total == pytest.approx(found.answer, abs=1e-4)
    with pytest.raises(ValueError, match="add up"):
        replace(linear(hand_at_hip()), answer=0.9)


def test_exact_contributions_beat_random_and_middle_maps() -> None:
    chance = np.random.default_rng(2).normal(size=(3, MOMENTS, 17))
    found = map_of(linear(hand_at_hip()), *chance)
    assert found.faithfulness.reliable
    assert found.faithfulness.copies == 3


def test_a_map_of_another_model_than_the_one_asked_is_found_out() -> None:
    elsewhere = np.zeros((MOMENTS, 17))
    elsewhere[5:, Joint.LEFT_ANKLE] = 0.3
    found = map_of(linear(elsewhere), truth=hand_at_hip())
    assert WhyNot.NO_BETTER_THAN_RANDOM in found.faithfulness.why_not


def test_a_map_that_chance_weights_leave_as_it_is_is_not_reliable() -> None:
    weights = hand_at_hip() + np.linspace(0, 0.01, MOMENTS * 17).reshape(MOMENTS, 17)
    found = map_of(linear(weights), weights * 3)
    assert found.faithfulness.why_not == (WhyNot.SAME_WITH_CHANCE_WEIGHTS,)


def test_the_closer_look_is_around_the_person_that_the_score_is_of() -> None:
    moments = SEEN.moments(TIMES, subject=3)
    box = focus_on(moments)
    assert box is not None
    assert (box[:2] < PERSON.samples[0].box[:2]).all()
    assert (box[2:] > PERSON.samples[0].box[2:]).all()
    assert focus_on(SEEN.moments(TIMES, subject=None)) is None


def test_the_frames_of_a_map_are_those_in_which_the_person_was_seen() -> None:
    assert times_of(PERSON, Span(0.2, 0.6)) == pytest.approx((0.2, 0.4, 0.6))
    assert len(times_of(PERSON, Span(0.0, 9.0), most=3)) == 3
    assert times_of(None, Span(1.0, 2.0), most=3) == (1.0, 1.5, 2.0)
