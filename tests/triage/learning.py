"""A small made-up store for tests of what triage learns: known probabilities, biased labels."""

import numpy as np
from scipy.special import expit

from apps.triage.tables import DIMENSIONS, AlertTable, Labels

DAY = 86400.0
SIGNALS = ("item_to_bag", "dwell")


def made_store(*, seed, size=1500, cameras=8, days=40.0):
    """Return a table, the true P(theft), and the truth: bent scores, cameras that differ."""
    rng = np.random.default_rng(seed)
    camera = rng.integers(0, cameras, size)
    light = rng.integers(0, 2, size)
    score, bag = rng.random(size), rng.random(size)
    dwell = np.exp(rng.standard_normal(size))
    sequence = rng.integers(0, 3, size)
    tilt = np.random.default_rng(1).standard_normal(cameras)
    odds = 3 * np.maximum(score - 0.4, 0) / 0.3 + 1.5 * np.log(bag / (1 - bag) + 1e-9).clip(-3, 3)
    odds = odds + tilt[camera] - 1.2 * sequence - 1.0 * light
    probability = expit(odds)
    words = np.char.add
    segments = {name: np.full(size, "x") for name in DIMENSIONS}
    segments["camera"] = words("camera-", camera.astype(str))
    segments["lighting"] = np.array(["day", "dark"])[light]
    segments["detector_version"] = np.full(size, "1")
    table = AlertTable(
        at=np.sort(rng.random(size)) * days * DAY,
        score=score,
        detector=np.full(size, "watch@1"),
        label=np.full(size, "item_to_bag"),
        signal_names=SIGNALS,
        signals=np.column_stack([np.where(rng.random(size) < 0.1, np.nan, bag), dwell]),
        sequence=np.array(["complete", "incomplete", "isolated"])[sequence],
        segments=segments,
    )
    return table, probability, (rng.random(size) < probability).astype(float)


def biased_labels(*, table, guess, theft, seed, audit=0.1):
    """Labels of all alerts whose guess is above ½, and of a share `audit` of the others."""
    rng = np.random.default_rng(seed)
    looked = guess > 0.5
    labelled = looked | (rng.random(len(table)) < audit)
    return Labels(
        theft=np.where(labelled, theft, np.nan),
        sampling_probability=np.where(looked, 1.0, audit),
        labelled_at=np.where(labelled, table.at + 3600, np.inf),
    )
