"""Askers in several threads share runs, and each gets its own answers."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from workers.inference.batching import SharedRuns


def doubled_and_summed(pictures: np.ndarray) -> list[np.ndarray]:
    return [pictures * 2, pictures.sum(axis=1)]


def test_each_asker_gets_the_answers_to_its_own_pictures() -> None:
    shared = SharedRuns(doubled_and_summed, most=4)
    questions = [np.full((count, 3), count, dtype=float) for count in range(1, 8)] * 5
    with ThreadPoolExecutor(8) as pool:
        for question, (doubled, summed) in zip(questions, pool.map(shared, questions), strict=True):
            np.testing.assert_array_equal(doubled, question * 2)
            np.testing.assert_array_equal(summed, question.sum(axis=1))


def test_what_waits_while_the_device_is_busy_runs_together() -> None:
    busy, free = threading.Event(), threading.Event()
    sizes: list[int] = []

    def run(pictures: np.ndarray) -> list[np.ndarray]:
        sizes.append(len(pictures))
        busy.set()
        assert free.wait(30)
        return [pictures]

    shared = SharedRuns(run, most=8)
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(shared, np.zeros((1, 2)))
        assert busy.wait(30)
        rest = [pool.submit(shared, np.full((1, 2), k)) for k in range(1, 5)]
        while len(shared._waiting) < 4:
            threading.Event().wait(0.01)
        free.set()
        assert first.result(30)[0].tolist() == [[0, 0]]
        assert [one.result(30)[0][0, 0] for one in rest] == [1, 2, 3, 4]
    assert sizes == [1, 4]


def test_pictures_of_another_size_are_not_joined() -> None:
    shapes: list[tuple[int, ...]] = []

    def run(pictures: np.ndarray) -> list[np.ndarray]:
        shapes.append(pictures.shape)
        return [pictures]

    shared = SharedRuns(run, most=64)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(shared, [np.zeros((1, 2 + k % 2)) for k in range(20)]))
    assert sum(shape[0] for shape in shapes if shape[1] == 2) == 10
    assert sum(shape[0] for shape in shapes if shape[1] == 3) == 10


def test_a_failed_run_fails_for_those_who_asked_and_for_nobody_later() -> None:
    def run(pictures: np.ndarray) -> list[np.ndarray]:
        if pictures.min() < 0:
            raise RuntimeError("the device said no")
        return [pictures]

    shared = SharedRuns(run, most=4)
    with pytest.raises(RuntimeError, match="said no"):
        shared(np.array([[-1.0]]))
    assert shared(np.array([[1.0]]))[0].tolist() == [[1.0]]


def test_no_more_than_the_most_run_at_once() -> None:
    sizes: list[int] = []

    def run(pictures: np.ndarray) -> list[np.ndarray]:
        sizes.append(len(pictures))
        return [pictures]

    assert len(SharedRuns(run, most=4)(np.zeros((10, 1)))[0]) == 10
    assert sizes == [4, 4, 2]
