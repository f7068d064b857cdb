"""Calibration from labels that were not drawn evenly, and how it is judged."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.triage.calibration import (
    CalibrationMethod,
    Calibrator,
    UnableToCalibrate,
    fit_calibrator,
    inverse_probability_weights,
)
from apps.triage.calibration_report import evaluate
from apps.triage.decoding import decode, encode
from apps.triage.tables import Labels


def bent(score):
    """The true P(theft) at a score: far from the score itself, and not a sigmoid."""
    return np.where(score < 0.6, 0.08 + 0.2 * score, 0.2 + 1.6 * (score - 0.6))


def history(*, seed, size, audit=0.05):
    """Scores, truth, and labels bought at high scores and, seldom, by an audit of low ones.

    Among low scores the audit also takes those that somebody already suspects (five times as
    often), so that the labels without their weights mislead.
    """
    rng = np.random.default_rng(seed)
    score = rng.random(size)
    theft = (rng.random(size) < bent(score)).astype(float)
    hint = rng.random(size) < np.where(theft == 1, 0.7, 0.2)
    chance = np.where(score > 0.7, 1.0, np.where(hint, min(1.0, 5 * audit), audit))
    bought = rng.random(size) < chance
    return score, Labels(
        theft=np.where(bought, theft, np.nan),
        sampling_probability=chance,
        labelled_at=np.arange(size, dtype=float),
    )


@pytest.mark.parametrize(("size", "method"), [(30_000, "isotonic"), (1_500, "platt")])
def test_weights_undo_the_bias_of_what_was_labelled(size, method):
    score, labels = history(seed=5, size=size)
    fitted = [
        fit_calibrator(score=score, labels=labels, as_of=np.inf, weighted=one)
        for one in (True, False)
    ]
    grid = np.linspace(0.05, 0.6, 50)
    gap = [np.mean(np.abs(one.apply(grid).mean - bent(grid))) for one in fitted]
    assert fitted[0].method == method
    assert gap[0] < (0.04 if method == "isotonic" else 0.1)
    assert gap[0] < gap[1] * 0.6


def test_the_interval_holds_the_truth():
    score, labels = history(seed=6, size=30_000)
    found = fit_calibrator(score=score, labels=labels, as_of=np.inf).apply(score)
    assert np.mean((bent(score) >= found.low) & (bent(score) <= found.high)) > 0.6


def test_weights_of_one_equal_the_unweighted_fit():
    score, labels = history(seed=7, size=4000)
    even = Labels(
        theft=labels.theft,
        sampling_probability=np.ones(len(labels)),
        labelled_at=labels.labelled_at,
    )
    assert fit_calibrator(score=score, labels=even, as_of=np.inf) == fit_calibrator(
        score=score, labels=even, as_of=np.inf, weighted=False
    )


def test_the_future_and_the_order_of_rows_change_nothing():
    score, labels = history(seed=8, size=6000)
    before = fit_calibrator(score=score, labels=labels, as_of=3000.0)
    rows = np.random.default_rng(1).permutation(len(score))
    assert fit_calibrator(score=score[rows], labels=labels.where(rows), as_of=3000.0) == before
    early = slice(0, 3001)
    assert fit_calibrator(score=score[early], labels=labels.where(early), as_of=np.inf).mean == (
        before.mean
    )


def test_too_few_labels_are_refused_with_the_number_that_is_missing():
    score, labels = history(seed=9, size=6000)
    few = np.flatnonzero(~np.isnan(labels.theft))[:20]
    with pytest.raises(UnableToCalibrate) as refused:
        fit_calibrator(score=score[few], labels=labels.where(few), as_of=np.inf)
    assert refused.value.labels_needed == 30


def test_judgements_with_known_errors_are_corrected():
    rng = np.random.default_rng(10)
    score = rng.random(40_000)
    theft = rng.random(len(score)) < 0.3
    said = np.where(theft, rng.random(len(score)) < 0.8, rng.random(len(score)) < 0.1)
    labels = Labels(
        theft=said.astype(float),
        sampling_probability=np.ones(len(score)),
        labelled_at=np.zeros(len(score)),
    )
    fitted = fit_calibrator(score=score, labels=labels, as_of=1.0, sensitivity=0.8, specificity=0.9)
    assert fitted.apply(np.array([0.5])).mean[0] == pytest.approx(0.3, abs=0.03)


def test_weights_are_cut_and_add_up_to_the_effective_number_of_labels():
    weight = inverse_probability_weights(np.array([1.0, 1.0, 0.5, 1e-6]), largest=4.0)
    assert weight[3] == pytest.approx(4 * weight[0])
    assert weight.sum() == pytest.approx((1 + 1 + 2 + 4) ** 2 / (1 + 1 + 4 + 16))


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    size=st.integers(60, 2500),
    levels=st.integers(1, 50),
    upside_down=st.booleans(),
    scores=st.lists(st.one_of(st.just(np.nan), st.floats(0, 1)), min_size=1),
)
def test_probabilities_are_in_range_ordered_and_never_fall(seed, size, levels, upside_down, scores):
    rng = np.random.default_rng(seed)
    score = np.round(rng.random(size) * levels) / levels
    share = 1 - score if upside_down else score
    labels = Labels(
        theft=(rng.random(size) < share).astype(float),
        sampling_probability=rng.uniform(0.01, 1, size),
        labelled_at=np.zeros(size),
    )
    fitted = fit_calibrator(score=score, labels=labels, as_of=0.0)
    asked = np.array(scores)
    found = fitted.apply(asked)
    assert ((found.low >= 0) & (found.low <= found.mean)).all()
    assert ((found.mean <= found.high) & (found.high <= 1)).all()
    rising = np.argsort(asked[~np.isnan(asked)])
    assert (np.diff(found.mean[~np.isnan(asked)][rising]) >= 0).all()
    assert (found.mean[np.isnan(asked)] == fitted.missing[1]).all()
    again = decode(Calibrator, json.loads(json.dumps(encode(fitted))))
    np.testing.assert_array_equal(again.apply(asked).mean, found.mean)


def test_a_curve_that_falls_is_refused():
    with pytest.raises(ValueError, match="never falls"):
        Calibrator(
            version="cal-1",
            method=CalibrationMethod.PLATT,
            as_of=0.0,
            label_count=50,
            effective_count=50.0,
            knots=(0.0, 1.0),
            mean=(0.5, 0.4),
            low=(0.1, 0.1),
            high=(0.6, 0.6),
            missing=(0.1, 0.2, 0.3),
        )


def test_a_report_of_the_truth_has_a_small_error_and_one_of_a_shift_has_the_shift():
    rng = np.random.default_rng(11)
    truth = rng.uniform(0.1, 0.8, 60_000)
    labels = Labels(
        theft=(rng.random(len(truth)) < truth).astype(float),
        sampling_probability=np.ones(len(truth)),
        labelled_at=np.zeros(len(truth)),
    )
    rows = np.ones(len(truth), dtype=bool)
    good = evaluate(mean=truth, labels=labels, rows=rows)
    off = evaluate(mean=truth + 0.1, labels=labels, rows=rows)
    assert good.expected_calibration_error < 0.01
    assert off.expected_calibration_error == pytest.approx(0.1, abs=0.01)
    assert off.brier_skill < good.brier_skill
    assert sum(one.share for one in good.bins) == pytest.approx(1)


def test_a_report_weighs_labels_by_how_they_came_about():
    score, labels = history(seed=12, size=200_000)
    rows = np.ones(len(score), dtype=bool)
    report = evaluate(mean=bent(score), labels=labels, rows=rows)
    assert report.expected_calibration_error < 0.015
    assert report.base_rate == pytest.approx(bent(score).mean(), abs=0.01)


def test_a_report_on_no_label_is_refused():
    score, labels = history(seed=13, size=100)
    with pytest.raises(ValueError, match="no labelled alert"):
        evaluate(mean=score, labels=labels, rows=np.zeros(100, dtype=bool))
