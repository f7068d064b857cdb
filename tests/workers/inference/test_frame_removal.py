"""Acts taken out of frames, with a detector outside of which it is known what it reads."""

import numpy as np
import pytest

from apps.triage.findings import CounterfactualState
from tests.workers.inference.test_removal import RAISING, REACHED, a_signal, walk
from workers.inference.frame_removal import MOST_ACTS, adapter_counterfactual, without_acts
from workers.inference.reading import FrameBatch
from workers.inference.results import Span
from workers.inference.scoring import NothingToScore, UnableToScore

TIMES = np.arange(15) / 5
SIZE = 100


def frames() -> FrameBatch:
    """A grey shop; where the walker's right hand goes from 1.0 to 1.6 s, the picture flashes white from 1.2 s on."""
    images = np.full((len(TIMES), SIZE, SIZE, 3), 90, dtype=np.uint8)
    for k, at in enumerate(TIMES):
        if 1.2 <= at <= 1.6:
            images[k, 38:43, 25:40] = 255
    return FrameBatch(TIMES, images)


class SeesWhite:
    """Scores the share of frames with anything white in them, three times."""

    name = "sees white"

    def __init__(self) -> None:
        self.asked = 0

    def score(self, given: FrameBatch) -> float:
        self.asked += 1
        return float(min(1.0, 3.5 * (given.images.max(axis=(1, 2, 3)) == 255).mean()))


def test_holding_the_picture_around_the_arms_takes_the_act_out_of_it() -> None:
    changed = without_acts(frames(), [a_signal("reach")], tracks=[walk()])
    assert changed is not None
    assert SeesWhite().score(frames()) == pytest.approx(0.7)
    assert SeesWhite().score(changed) == 0.0
    outside = np.s_[:, 90:, :]
    assert np.array_equal(changed.images[outside], frames().images[outside])
    assert np.array_equal(changed.images[:6], frames().images[:6])


def test_another_act_takes_its_frames_with_it() -> None:
    cut = without_acts(frames(), [a_signal("item_in_hand")], tracks=[walk()])
    assert cut is not None
    assert not ((cut.times >= REACHED.start_seconds) & (cut.times <= REACHED.end_seconds)).any()
    everything = a_signal("item_in_hand", Span(0.0, 9.0))
    assert without_acts(frames(), [everything], tracks=[walk()]) is None


def test_the_detectors_own_answer_names_the_act_that_clears() -> None:
    scorer = SeesWhite()
    signals = [a_signal("reach"), a_signal("item_in_hand", Span(2.0, 2.4))]
    found = adapter_counterfactual(
        frames(), scorer=scorer, tracks=[walk()], signals=signals, raising=RAISING
    ).finding
    assert found.state is CounterfactualState.FOUND
    assert found.smallest == ("reach",)


def test_it_asks_within_its_budget_whatever_was_observed() -> None:
    scorer = SeesWhite()
    signals = [a_signal(f"act_{k}", Span(0.2 * k, 0.2 * k + 0.1)) for k in range(6)]
    made = adapter_counterfactual(
        frames(), scorer=scorer, tracks=[walk()], signals=signals, raising=RAISING
    )
    assert scorer.asked <= 2**MOST_ACTS
    assert len(made.left_out) == 2


def test_nobody_left_is_not_cleared_and_no_answer_rises() -> None:
    class Answers(SeesWhite):
        def __init__(self, failure: Exception) -> None:
            super().__init__()
            self.failure = failure

        def score(self, given: FrameBatch) -> float:
            if len(given.times) < len(TIMES):
                raise self.failure
            return 0.9

    arguments = {"tracks": [walk()], "signals": [a_signal("item_in_hand")], "raising": RAISING}
    nobody = adapter_counterfactual(frames(), scorer=Answers(NothingToScore("nobody")), **arguments)
    assert nobody.finding.state is CounterfactualState.NONE_FOUND
    with pytest.raises(UnableToScore):
        adapter_counterfactual(frames(), scorer=Answers(UnableToScore("late")), **arguments)
