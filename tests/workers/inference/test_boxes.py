"""Overlap and suppression, checked on boxes that nobody chose."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from workers.inference.boxes import iou_matrix, non_maximum_suppression
from workers.inference.people import MAX_IOU, MIN_SCORE, people_from

coordinates = st.floats(0, 1, allow_nan=False, width=32)


@st.composite
def boxes(draw: st.DrawFn, most: int = 12) -> np.ndarray:
    corners = draw(hnp.arrays(np.float64, (draw(st.integers(0, most)), 2, 2), elements=coordinates))
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)


@given(boxes(), boxes())
def test_overlap_is_symmetric_and_between_zero_and_one(a: np.ndarray, b: np.ndarray) -> None:
    overlap = iou_matrix(a, b)
    assert overlap.shape == (len(a), len(b))
    assert np.all((overlap >= 0) & (overlap <= 1 + 1e-9))
    np.testing.assert_allclose(overlap, iou_matrix(b, a).T)


def test_overlap_of_known_boxes() -> None:
    a = np.array([[0.0, 0.0, 2.0, 2.0]])
    b = np.array([[0.0, 0.0, 2.0, 2.0], [1.0, 1.0, 3.0, 3.0], [5.0, 5.0, 6.0, 6.0]])
    np.testing.assert_allclose(iou_matrix(a, b), [[1.0, 1 / 7, 0.0]])


@given(boxes(), st.data())
def test_suppression_keeps_the_best_and_nothing_that_overlaps_it(
    rows: np.ndarray, data: st.DataObject
) -> None:
    scores = data.draw(hnp.arrays(np.float64, len(rows), elements=coordinates))
    kept = non_maximum_suppression(rows, scores, max_iou=0.5)
    overlap = iou_matrix(rows[kept], rows[kept])
    np.fill_diagonal(overlap, 0)
    assert np.all(overlap <= 0.5)
    assert list(scores[kept]) == sorted(scores[kept], reverse=True)
    for index in set(range(len(rows))) - set(kept.tolist()):
        better = [k for k in kept if scores[k] >= scores[index]]
        assert iou_matrix(rows[[index]], rows[better]).max() > 0.5


def test_only_likely_people_remain_and_one_box_a_person() -> None:
    rows = np.array(
        [[0.1, 0.2, 0.5, 0.4], [0.11, 0.2, 0.5, 0.41], [0.1, 0.7, 0.5, 0.9], [0, 0, 1, 1]]
    )
    people = people_from(rows, np.array([0.9, 0.8, 0.6, MIN_SCORE - 0.01]))
    np.testing.assert_allclose(people.boxes, [[0.2, 0.1, 0.4, 0.5], [0.7, 0.1, 0.9, 0.5]])
    assert people.scores.tolist() == [0.9, 0.6]
    assert iou_matrix(people.boxes, people.boxes)[0, 1] <= MAX_IOU


def test_a_frame_without_people_has_none() -> None:
    assert len(people_from(np.zeros((5, 4)), np.zeros(5))) == 0
