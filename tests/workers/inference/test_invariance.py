"""The same frames, asked again with only looks changed: which frames, which answers, what is not told."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.workers.inference.test_appearance import HEIGHT, WIDTH, picture, somebody
from workers.inference.adapter import MOST_FRAMES, AdapterScorer, png_of
from workers.inference.analysis import analyse_clip
from workers.inference.appearance import Change, Kind
from workers.inference.invariance import (
    BUDGETS,
    NO_SKIN,
    NOBODY,
    InvarianceBudget,
    check_invariance,
    key_times,
    people_at,
)
from workers.inference.limits import ClipLimits
from workers.inference.reading import FrameBatch
from workers.inference.results import BehaviourReading, ClipAnalysis, Span, WindowScore
from workers.inference.scoring import NothingToScore, UnableToScore

QUICK = BUDGETS["quick"]


class Opinion:
    """A scorer with an opinion of its own about frames; it counts how often it is asked."""

    name = "opinion 1"

    def __init__(self, view: Callable[[FrameBatch], float]) -> None:
        self.view, self.asked = view, 0

    def score(self, frames: FrameBatch) -> float:
        self.asked += 1
        return self.view(frames)


def frames(count: int = 2) -> FrameBatch:
    return FrameBatch(np.arange(count) * 0.2, np.stack([picture()] * count))


def redness(batch: FrameBatch) -> float:
    return float(batch.images[..., 0].mean() / 255)


def test_the_quick_budget_is_four_changes_of_six_frames_one_of_each_kind() -> None:
    assert QUICK.frames == 6
    assert [one.kind for one in QUICK.changes] == list(Kind)
    tones = [one.amount for one in BUDGETS["thorough"].changes if one.kind is Kind.SKIN_TONE]
    assert tones == list(range(1, 11))


def test_a_scorer_that_ignores_looks_answers_the_same_five_times() -> None:
    scorer = Opinion(lambda batch: 0.4)
    found = check_invariance(
        frames(), people=[[somebody()]] * 2, scorer=scorer, changes=QUICK.changes
    )
    assert scorer.asked == 5
    assert (found.score, [one.score for one in found.tried]) == (0.4, [0.4] * 4)
    assert found.left_out == ()


def test_a_scorer_that_looks_at_colour_is_found_out() -> None:
    found = check_invariance(
        frames(), people=[[somebody()]] * 2, scorer=Opinion(redness), changes=QUICK.changes
    )
    moves = {one.change.kind: one.score - found.score for one in found.tried}
    assert moves[Kind.SKIN_TONE] < 0
    assert moves[Kind.BRIGHTNESS] < 0
    assert moves[Kind.CLOTHING_HUE] != 0


def test_a_person_who_is_not_seen_any_more_after_a_change_scores_nothing() -> None:
    before = frames()

    def sees_the_bright(batch: FrameBatch) -> float:
        if batch.images.mean() < before.images.mean() - 1:
            raise NothingToScore("nobody")
        return 0.8

    found = check_invariance(
        before,
        people=[[somebody()]] * 2,
        scorer=Opinion(sees_the_bright),
        changes=[Change(kind=Kind.BRIGHTNESS, amount=0.5)],
    )
    assert (found.score, found.tried[0].score) == (0.8, 0.0)


def test_a_change_that_reaches_nothing_is_not_called_tried() -> None:
    grey = FrameBatch(np.zeros(1), np.full((1, HEIGHT, WIDTH, 3), 90, dtype=np.uint8))
    found = check_invariance(
        grey, people=[[somebody()]], scorer=Opinion(redness), changes=QUICK.changes
    )
    assert [change.kind for change, _ in found.left_out] == [Kind.CLOTHING_HUE, Kind.BODY_SCALE]
    assert found.tried[0].change.kind is Kind.SKIN_TONE


def test_without_anybody_or_any_skin_it_cannot_be_told() -> None:
    with pytest.raises(UnableToScore, match=NOBODY):
        check_invariance(frames(), people=[[], []], scorer=Opinion(redness), changes=QUICK.changes)
    away = replace(somebody(joints=False), box=np.array([0.0, 0.0, 0.004, 0.004]))
    black = FrameBatch(np.zeros(1), np.zeros((1, HEIGHT, WIDTH, 3), dtype=np.uint8))
    with pytest.raises(UnableToScore, match=NO_SKIN):
        check_invariance(black, people=[[away]], scorer=Opinion(redness), changes=QUICK.changes)


def test_the_shown_frame_is_the_one_where_people_are_largest() -> None:
    small = replace(somebody(), box=np.array([0.4, 0.4, 0.5, 0.6]))
    found = check_invariance(
        frames(3),
        people=[[small], [somebody()], []],
        scorer=Opinion(redness),
        changes=QUICK.changes[:1],
    )
    assert found.shown == 1


def test_a_detector_elsewhere_gets_png_and_is_asked_the_first_question_twice() -> None:
    asked: list[list[tuple[float, bytes]]] = []

    def ask(pictures: object) -> float:
        asked.append(list(pictures))  # type: ignore[call-overload]
        return 0.5

    scorer = AdapterScorer(name="adapter", ask=ask)
    assert (scorer.score(frames()), scorer.score(frames())) == (0.5, 0.5)
    assert len(asked) == 3
    assert asked[0] == asked[1]
    assert asked[0][0] == (0.0, png_of(picture()))
    with pytest.raises(UnableToScore, match="1 to 32 frames"):
        scorer.score(frames(MOST_FRAMES + 1))


def test_a_detector_whose_answers_vary_is_refused_for_good() -> None:
    answers = iter([0.5, 0.6, 0.5, 0.5])
    scorer = AdapterScorer(name="adapter", ask=lambda pictures: next(answers))
    for _ in range(2):
        with pytest.raises(UnableToScore, match="answers vary"):
            scorer.score(frames())


@pytest.fixture(scope="module")
def analysis(bundled_clip: Path) -> ClipAnalysis:
    return analyse_clip(bundled_clip, limits=ClipLimits(max_sampled_frames=30))


def test_key_frames_lie_in_the_span_the_score_rests_on(analysis: ClipAnalysis) -> None:
    track = max(analysis.tracks, key=lambda one: len(one.samples))
    middle = track.samples[len(track.samples) // 2].seconds
    span = Span(max(0.0, middle - 0.7), middle + 0.7)
    window = WindowScore(track=track.id, span=span, score=0.5)
    scored = replace(
        analysis, behaviour=BehaviourReading(version="1", score=0.5, windows=(window,))
    )
    times = key_times(scored, count=3)
    assert len(times) == 3
    assert list(times) == sorted(times)
    own = {round(sample.seconds, 6) for sample in track.samples}
    assert set(times) <= own
    assert len(key_times(scored, count=1000)) == len(own)
    assert all(people_at(analysis.tracks, seconds=t) for t in times)


def test_without_a_score_the_marked_span_counts_and_without_people_there_are_no_key_frames(
    analysis: ClipAnalysis,
) -> None:
    times = key_times(analysis, count=6)
    assert 1 <= len(times) <= 6
    assert key_times(replace(analysis, tracks=()), count=6) == ()


def test_a_budget_without_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 32 frames"):
        InvarianceBudget(frames=100, changes=QUICK.changes)
