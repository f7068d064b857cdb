"""Calibration on held-out time from biased labels, beside a calibration that ignores the bias.

Simulated networks of 90 days. Labels come from what a first model calls likely and from a random
audit of 4 in 100 of the rest; fit on the first 60 days, judged on the last 30 against the simulator's
own truth (which no fit sees). Seeds 1000 on; nothing here was tuned on them.
"""

import time

import numpy as np
import pytest

from apps.triage.calibration import UnableToCalibrate, fit_calibrator
from apps.triage.calibration_report import evaluate
from apps.triage.simulation.history import simulate
from apps.triage.tables import Labels
from apps.triage.theft_model import fit_theft_model

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

SEEDS = range(1000, 1006)
SENSITIVITY, SPECIFICITY, AUDIT = 0.95, 0.9935, 0.04
FIRST_DAYS, FIT_DAYS, LIKELY = 10, 60, 0.65


def bought(*, history, seed):
    """Noisy labels as the product buys them: every alert of the first days, then those that a
    model of these days calls likely, and of the others a random audit."""
    rng = np.random.default_rng([seed, 11])
    table, size = history.table, len(history)
    right = np.where(history.theft, SENSITIVITY, 1 - SPECIFICITY)
    said = (rng.random(size) < right).astype(float)
    first_until = float(table.at[0]) + FIRST_DAYS * 86400
    everything = Labels(theft=said, sampling_probability=np.ones(size), labelled_at=table.at + 3600)
    first = fit_theft_model(table=table, labels=everything, as_of=first_until)
    guess = first.predict(table)
    looked = (table.at <= first_until) | (guess.mean > LIKELY) | ~guess.calibrated
    chosen = looked | (rng.random(size) < AUDIT)
    return Labels(
        theft=np.where(chosen, said, np.nan),
        sampling_probability=np.where(looked, 1.0, AUDIT),
        labelled_at=table.at + 3600,
    )


def by_score(*, history, labels, as_of, weighted):
    """Each detector version's calibrator on its score alone; NaN where it has too few labels."""
    mean = np.full(len(history), np.nan)
    table = history.table
    for detector in sorted(set(table.detector.tolist())):
        mine = table.detector == detector
        try:
            fitted = fit_calibrator(
                score=table.score[mine],
                labels=labels.where(mine),
                as_of=as_of,
                sensitivity=SENSITIVITY,
                specificity=SPECIFICITY,
                weighted=weighted,
            )
        except UnableToCalibrate:
            continue
        mean[mine] = fitted.apply(table.score[mine]).mean
    return mean


def judged(*, history, mean, held):
    """The report against the truth of every held-out alert that has a probability."""
    truth = Labels(
        theft=history.theft.astype(float),
        sampling_probability=np.ones(len(history)),
        labelled_at=history.table.at,
    )
    return evaluate(mean=np.nan_to_num(mean), labels=truth, rows=held & ~np.isnan(mean))


def test_calibration_on_held_out_time(report):
    found = {"weighted": [], "ignoring the bias": [], "theft model": []}
    seconds = []
    for seed in SEEDS:
        history = simulate(seed=seed)
        labels = bought(history=history, seed=seed)
        as_of = float(history.table.at[0]) + FIT_DAYS * 86400
        held = history.table.at > as_of
        for name, weighted in (("weighted", True), ("ignoring the bias", False)):
            mean = by_score(history=history, labels=labels, as_of=as_of, weighted=weighted)
            found[name].append(judged(history=history, mean=mean, held=held))
        start = time.perf_counter()
        model = fit_theft_model(table=history.table, labels=labels, as_of=as_of)
        seconds.append(time.perf_counter() - start)
        guess = model.predict(history.table)
        mean = np.where(guess.calibrated, guess.mean, np.nan)
        found["theft model"].append(judged(history=history, mean=mean, held=held))
    for name, reports in found.items():
        report.say(
            f"{name}: mean ECE", float(np.mean([r.expected_calibration_error for r in reports]))
        )
        report.say(
            f"{name}: worst ECE", float(np.max([r.expected_calibration_error for r in reports]))
        )
        report.say(f"{name}: mean Brier", float(np.mean([r.brier for r in reports])))
        report.say(f"{name}: mean Brier skill", float(np.mean([r.brier_skill for r in reports])))
    report.say("theft model: median seconds a fit", float(np.median(seconds)))
    error = {
        name: np.mean([r.expected_calibration_error for r in reports])
        for name, reports in found.items()
    }
    report.say("target ECE ≤ 0.02 reached by the theft model", str(error["theft model"] <= 0.02))
    assert error["weighted"] < error["ignoring the bias"]
    assert error["theft model"] < error["ignoring the bias"]
