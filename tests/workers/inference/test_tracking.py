"""A track keeps its person, and never two people share one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from workers.inference.tracking import NO_TRACK, PeopleTracker, TrackerPolicy

WIDTH, HEIGHT = 40.0, 100.0
STEP = 0.2


def person_at(x: float, y: float = 200.0) -> np.ndarray:
    return np.array([x - WIDTH / 2, y - HEIGHT / 2, x + WIDTH / 2, y + HEIGHT / 2])


def frame(*boxes: np.ndarray) -> np.ndarray:
    return np.array(boxes).reshape(-1, 4)


@st.composite
def crowds(draw: st.DrawFn) -> list[tuple[np.ndarray, np.ndarray]]:
    frames = []
    for _ in range(draw(st.integers(1, 8))):
        count = draw(st.integers(0, 6))
        corner = draw(hnp.arrays(np.float64, (count, 2), elements=st.floats(0, 600)))
        size = draw(hnp.arrays(np.float64, (count, 2), elements=st.floats(1, 300)))
        scores = draw(hnp.arrays(np.float64, count, elements=st.floats(0.3, 1)))
        frames.append((np.concatenate([corner, corner + size], axis=1), scores))
    return frames


@given(crowds())
def test_no_id_is_given_twice_in_a_frame_and_ids_only_grow(
    frames: list[tuple[np.ndarray, np.ndarray]],
) -> None:
    tracker = PeopleTracker()
    highest = 0
    for index, (boxes, scores) in enumerate(frames):
        ids = tracker.update(index * STEP, boxes, scores)
        given_ids = [track for track in ids if track != NO_TRACK]
        assert len(ids) == len(scores)
        assert len(set(given_ids)) == len(given_ids)
        new = [track for track in given_ids if track > highest]
        assert new == sorted(new) or set(new) == set(range(highest + 1, highest + 1 + len(new)))
        highest = max([highest, *given_ids])


@given(crowds())
def test_a_weak_detection_never_starts_a_track(
    frames: list[tuple[np.ndarray, np.ndarray]],
) -> None:
    tracker = PeopleTracker(TrackerPolicy(start_score=1.1))
    for index, (boxes, scores) in enumerate(frames):
        assert set(tracker.update(index * STEP, boxes, scores)) <= {NO_TRACK}


@given(st.floats(-60, 60), st.integers(2, 30))
def test_a_walking_person_keeps_one_id(speed: float, frames: int) -> None:
    tracker = PeopleTracker()
    ids = [
        tracker.update(k * STEP, frame(person_at(300 + speed * k * STEP)), np.array([0.9]))
        for k in range(frames)
    ]
    assert ids == [[1]] * frames


@given(st.floats(0, 0.9))
def test_a_person_hidden_for_less_than_a_second_keeps_the_id(hidden_seconds: float) -> None:
    tracker = PeopleTracker()
    for k in range(5):
        tracker.update(k * STEP, frame(person_at(100 + 10 * k)), np.array([0.9]))
    later = 4 * STEP + max(hidden_seconds, 0.05)
    x = 140 + 50 * (later - 4 * STEP)
    assert tracker.update(later, frame(person_at(x)), np.array([0.9])) == [1]


def test_a_person_gone_for_longer_returns_as_another_track() -> None:
    tracker = PeopleTracker()
    tracker.update(0.0, frame(person_at(100)), np.array([0.9]))
    assert tracker.update(1.5, frame(person_at(100)), np.array([0.9])) == [2]


def test_two_people_who_pass_each_other_keep_their_ids() -> None:
    tracker = PeopleTracker()
    for k in range(20):
        boxes = frame(person_at(100 + 15 * k, y=180), person_at(400 - 15 * k, y=230))
        ids = tracker.update(k * STEP, boxes, np.array([0.9, 0.9]))
    assert ids == [1, 2]


@given(st.permutations(range(4)))
def test_the_order_of_detections_does_not_matter(order: list[int]) -> None:
    people = frame(*(person_at(100 + 120 * k) for k in range(4)))
    tracker = PeopleTracker()
    first = tracker.update(0.0, people, np.full(4, 0.9))
    shuffled = tracker.update(STEP, people[order] + 3.0, np.full(4, 0.9))
    assert shuffled == [first[k] for k in order]


def test_a_weak_detection_continues_a_track() -> None:
    tracker = PeopleTracker()
    tracker.update(0.0, frame(person_at(100)), np.array([0.9]))
    assert tracker.update(STEP, frame(person_at(104)), np.array([0.35])) == [1]


def test_a_confident_detection_chooses_before_a_weak_one() -> None:
    tracker = PeopleTracker()
    tracker.update(0.0, frame(person_at(100)), np.array([0.9]))
    boxes = frame(person_at(100), person_at(110))
    assert tracker.update(STEP, boxes, np.array([0.4, 0.9])) == [NO_TRACK, 1]


def test_a_child_is_not_taken_for_the_adult_who_left() -> None:
    tracker = PeopleTracker()
    tracker.update(0.0, frame(person_at(100)), np.array([0.9]))
    small = np.array([95.0, 245.0, 105.0, 270.0])
    assert tracker.update(STEP, frame(small), np.array([0.9])) == [2]
