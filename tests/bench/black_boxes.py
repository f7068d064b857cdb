"""Detectors whose inside is known to nobody but this file: trained on generated behaviour, then only asked.

Shopping, handling of one's own bag, shelf work, scanning and concealment each give behaviour signals of their own
strength; about one happening in twelve is a concealment. Signals overlap on purpose: what is concealed badly looks like
shopping, and a customer's own bag looks like a concealment. Detectors are trained on an earlier, separate set.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.triage.tables import DIMENSIONS, AlertTable

DAY = 86_400.0
DAYS = 90

# mean strength of each signal (on the logit scale) for each happening; None: never seen there
ACTS: Mapping[str, tuple[float, ...]] = {
    # happening:      shopping, own bag, shelf work, scanning, concealed in bag, concealed in clothing
    "item_taken": (0.6, -0.8, 1.4, 0.2, 1.5, 1.5),
    "item_to_bag": (-2.2, -0.2, -2.5, -0.6, 1.6, -1.8),
    "item_to_clothing": (-2.4, -1.8, -2.4, -2.6, -1.8, 1.5),
    "hand_to_bag": (-1.6, 1.4, -2.0, 0.4, 1.5, -1.2),
    "hand_to_torso": (-1.2, -0.8, -1.0, -1.2, -0.6, 1.4),
    "reach": (0.8, -0.6, 1.6, 0.3, 0.9, 0.9),
    "crouch": (-1.8, -1.2, 0.4, -2.2, -0.4, -0.6),
    "item_in_hand": (0.9, -1.0, 0.8, 1.0, 0.1, 0.1),
}
SHARES = (0.46, 0.20, 0.14, 0.12, 0.045, 0.035)
CONCEALED = (4, 5)
SPREAD = 0.9
SEEN = 0.85  # each signal is measurable in this share of the happenings
LIGHTING = ("normal", "low", "bright")


@dataclass(frozen=True, kw_only=True)
class Happenings:
    at: Any
    values: Any
    lighting: Any
    concealed: Any


def happenings(rng: np.random.Generator, count: int) -> Happenings:
    """`count` happenings over 90 days; light and season move what is seen."""
    kind = rng.choice(len(SHARES), size=count, p=SHARES)
    at = np.sort(rng.uniform(0, DAYS * DAY, count))
    lighting = rng.choice(LIGHTING, size=count, p=(0.7, 0.2, 0.1))
    means = np.array(list(ACTS.values())).T[kind]
    season = 0.3 * np.sin(2 * np.pi * at / (60 * DAY))[:, None]
    blur = np.where(lighting == "low", 0.6, 0.0)[:, None]
    logits = means * (1 - blur / 2) + season + rng.normal(0, SPREAD + blur / 3, means.shape)
    acts = 1 / (1 + np.exp(-1.6 * logits))
    acts[rng.random(acts.shape) > SEEN] = np.nan
    dwell = rng.gamma(2.0, np.where(np.isin(kind, CONCEALED), 22.0, 14.0))
    return Happenings(
        at=at,
        values=np.round(np.column_stack([acts, dwell]), 4),
        lighting=lighting,
        concealed=np.isin(kind, CONCEALED),
    )


def black_box(
    name: str, rng: np.random.Generator, *, trained_on: int = 20_000
) -> Callable[[Any], Any]:
    """A detector of its own kind, trained on happenings that nothing else sees: values [n, 9] → score [n]."""
    seen = happenings(rng, trained_on)
    return trained(name, rng, values=seen.values, truth=seen.concealed)


def trained(
    name: str, rng: np.random.Generator, *, values: Any, truth: Any
) -> Callable[[Any], Any]:
    """A detector trained on signal values [n, k] and what really happened [n]."""
    model = _model(name, int(rng.integers(2**31)))
    model.fit(_filled(values), truth)
    return lambda asked: model.predict_proba(_filled(asked))[:, 1]


def _model(name: str, seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return {
        "linear": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
        "trees": lambda: RandomForestClassifier(
            120, min_samples_leaf=10, random_state=seed, n_jobs=1
        ),
        "small network": lambda: make_pipeline(
            StandardScaler(),
            MLPClassifier((16, 8), max_iter=300, early_stopping=True, random_state=seed),
        ),
    }[name]()


def _filled(values: Any) -> Any:
    """What a detector without a signal assumes: no act."""
    return np.nan_to_num(values, nan=0.0)


def alerts_of(seen: Happenings, score: Any) -> AlertTable:
    """Everything the detector scored, as the table a surrogate is fitted on."""
    count = len(seen.at)
    words = {name: np.full(count, "") for name in DIMENSIONS}
    return AlertTable(
        at=seen.at,
        score=np.asarray(score, dtype=float),
        detector=np.full(count, "black-box@1"),
        label=np.full(count, "item_to_bag"),
        signal_names=(*ACTS, "dwell_in_view"),
        signals=seen.values,
        sequence=np.full(count, "unknown"),
        segments={**words, "lighting": seen.lighting},
    )
