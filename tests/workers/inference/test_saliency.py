"""Maps of detectors of which it is known where they look."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from apps.triage.saliency import WhyNot
from workers.inference.faithfulness import (
    judge_map,
    judged,
    likeness,
)
from workers.inference.reading import FrameBatch
from workers.inference.saliency import (
    EffectMap,
    Hider,
    Patches,
    SaliencyBudget,
    asking,
    cut_up,
    effect_map,
    grid_shape,
)
from workers.inference.scoring import NothingToScore, UnableToScore

WIDTH, HEIGHT = 128, 96
BUDGET = SaliencyBudget()


@dataclass
class BrightSquare:
    """A detector that reads the brightness of one square (x0, y0, x1, y1 in pixels) and nothing else."""

    square: tuple[int, int, int, int]
    asked: int = 0
    name: str = "bright square"

    def score(self, frames: FrameBatch) -> float:
        self.asked += 1
        x0, y0, x1, y1 = self.square
        return float(frames.images[:, y0:y1, x0:x1].mean() / 255)


def frames_with(square: tuple[int, int, int, int], *, count: int = 2) -> FrameBatch:
    """A dark, noisy picture with one bright square."""
    noise = np.random.default_rng(5).integers(0, 60, (count, HEIGHT, WIDTH, 3), dtype=np.uint8)
    x0, y0, x1, y1 = square
    noise[:, y0:y1, x0:x1] = 250
    return FrameBatch(np.arange(count) / 5, noise)


def a_map(scorer: BrightSquare, frames: FrameBatch, budget: SaliencyBudget = BUDGET) -> EffectMap:
    patches = cut_up(grid_shape(WIDTH, HEIGHT), coarse=8)
    return effect_map(frames, ask=asking(scorer), patches=patches, budget=budget)


@pytest.mark.parametrize("square", [(0, 0, 16, 12), (96, 60, 112, 72), (48, 36, 64, 48)])
def test_the_map_names_the_square_that_the_detector_reads(
    square: tuple[int, int, int, int],
) -> None:
    grid = a_map(BrightSquare(square), frames_with(square)).grid
    row, column = np.unravel_index(np.argmax(grid), grid.shape)
    x, y = (column + 0.5) / grid.shape[1] * WIDTH, (row + 0.5) / grid.shape[0] * HEIGHT
    assert square[0] <= x <= square[2]
    assert square[1] <= y <= square[3]


def test_the_effect_of_the_square_is_what_hiding_it_takes_from_the_score() -> None:
    square = (96, 60, 112, 72)  # exactly one patch of the 8 × 8
    scorer, frames = BrightSquare(square), frames_with(square)
    found = a_map(scorer, frames)
    patch = found.patches.labels[32, 52]
    hidden = np.arange(found.patches.count) == patch
    without = scorer.score(Hider(frames, found.patches).without(hidden))
    assert found.effects[0, patch] == pytest.approx(found.base[0] - without)
    others = np.delete(found.effects[0], patch)
    # Other patches move the score only through the patch they were hidden with.
    assert np.abs(others).max() < 0.5 * found.effects[0, patch]


def test_the_same_seed_gives_the_same_map_and_another_seed_other_draws() -> None:
    square = (96, 60, 112, 72)
    maps = [
        a_map(BrightSquare(square), frames_with(square), replace(BUDGET, seed=seed)).effects
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(maps[0], maps[1])
    assert not np.array_equal(maps[0], maps[2])


def test_no_more_is_asked_than_the_budget_says() -> None:
    square = (16, 24, 32, 36)
    scorer, frames = BrightSquare(square), frames_with(square)
    found = a_map(scorer, frames)
    assert scorer.asked == found.evaluations == BUDGET.map_evaluations
    hider = Hider(frames, found.patches)
    judge_map(found, hider=hider, ask=asking(scorer), budget=BUDGET)
    assert scorer.asked == BUDGET.evaluations


def test_a_map_that_is_right_beats_random_and_centre_maps() -> None:
    square = (96, 60, 112, 72)
    scorer, frames = BrightSquare(square), frames_with(square)
    found = a_map(scorer, frames)
    told = judge_map(found, hider=Hider(frames, found.patches), ask=asking(scorer), budget=BUDGET)
    assert told.reliable
    assert told.own.deletion < told.centre.deletion
    assert told.own.insertion > max(one.insertion for one in told.random)
    assert told.alike is None


def test_a_map_that_is_wrong_is_not_reliable() -> None:
    """The curves can fail: the right map turned upside down is worse than chance."""
    square = (48, 36, 64, 48)
    scorer, frames = BrightSquare(square), frames_with(square)
    found = a_map(scorer, frames)
    wrong = replace(found, effects=-found.effects)
    told = judge_map(wrong, hider=Hider(frames, found.patches), ask=asking(scorer), budget=BUDGET)
    assert not told.reliable
    assert WhyNot.NO_BETTER_THAN_CENTRE in told.why_not


def test_a_detector_that_looks_at_nothing_has_no_reliable_map() -> None:
    class Stubborn:
        name = "stubborn"

        def score(self, frames: FrameBatch) -> float:
            return 0.7

    frames = frames_with((0, 0, 16, 12))
    patches = cut_up(grid_shape(WIDTH, HEIGHT))
    found = effect_map(frames, ask=asking(Stubborn()), patches=patches, budget=BUDGET)
    told = judge_map(found, hider=Hider(frames, patches), ask=asking(Stubborn()), budget=BUDGET)
    assert told.why_not == (WhyNot.NOT_MOVED,)


def test_a_map_that_stays_when_the_weights_are_chance_is_not_reliable() -> None:
    """An edge detector's map looks right, beats random maps, and says nothing of what was learned."""
    effects = np.arange(20.0)
    arguments = {
        "sizes": np.ones(20),
        "centre": np.zeros(20),
        "score_without": lambda hidden: float((effects * ~hidden).sum() / effects.sum()),
        "base": 1.0,
        "budget": BUDGET,
    }
    same = judged(
        effects, alike=likeness(effects, np.stack([effects * 2, effects**2])), copies=2, **arguments
    )
    assert same.why_not == (WhyNot.SAME_WITH_CHANCE_WEIGHTS,)
    other = np.random.default_rng(3).normal(size=(3, 20))
    changed = judged(effects, alike=likeness(effects, other), copies=3, **arguments)
    assert changed.reliable


def test_a_flat_copy_has_nothing_in_common_with_the_map() -> None:
    assert likeness(np.arange(4.0), np.zeros((1, 4))) == 0.0
    assert likeness(np.arange(4.0), np.empty((0, 4))) is None


def test_frames_that_show_nobody_score_nothing_and_a_failure_to_answer_rises() -> None:
    class Blind:
        name = "blind"

        def __init__(self, failure: Exception) -> None:
            self.failure = failure

        def score(self, frames: FrameBatch) -> float:
            raise self.failure

    frames = frames_with((0, 0, 16, 12))
    assert asking(Blind(NothingToScore("nobody")))(frames).tolist() == [0.0]
    with pytest.raises(UnableToScore):
        asking(Blind(UnableToScore("no answer in 5 s")))(frames)


def test_what_is_hidden_is_hidden_to_the_pixel_and_the_rest_untouched() -> None:
    frames = frames_with((96, 60, 112, 72))
    patches = cut_up(grid_shape(WIDTH, HEIGHT), coarse=8)
    hidden = np.arange(patches.count) == patches.labels[32, 52]
    changed = Hider(frames, patches).without(hidden).images != frames.images
    assert not changed[:, :60].any()
    assert not changed[:, 72:].any()
    assert not changed[:, :, :96].any()
    assert changed[:, 60:72, 96:112].mean() > 0.9


@given(
    width=st.integers(16, 400),
    height=st.integers(16, 400),
    focus=st.tuples(*[st.floats(-0.2, 1.2)] * 4),
)
def test_patches_cover_the_picture_once_wherever_the_closer_look_is(
    width: int, height: int, focus: tuple[float, float, float, float]
) -> None:
    x0, y0, x1, y1 = focus
    box = np.array([min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)])
    shape = grid_shape(width, height)
    patches = cut_up(shape, focus=box)
    assert patches.labels.shape == shape
    assert patches.cells.sum() == shape[0] * shape[1]
    assert (patches.cells > 0).all()


@settings(max_examples=25)
@given(effects=arrays.arrays(np.float64, 12, elements=st.floats(-1, 1, width=32)))
def test_areas_lie_between_the_lowest_and_the_highest_score(effects: NDArray[np.float64]) -> None:
    def score(hidden: NDArray[np.bool_]) -> float:
        return float(1 - hidden.mean())

    told = judged(
        effects,
        sizes=np.ones(12),
        centre=np.zeros(12),
        score_without=score,
        base=1.0,
        budget=BUDGET,
        alike=None,
        copies=0,
    )
    for one in (told.own, told.centre, *told.random):
        assert 0 <= one.deletion <= 1
        assert 0 <= one.insertion <= 1


def test_patches_without_number_are_refused() -> None:
    with pytest.raises(ValueError, match="without gaps"):
        Patches(labels=np.array([[0, 2]]))
