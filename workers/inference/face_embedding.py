"""A face as 128 numbers that are near for one person and far for two.

dlib's ResNet (metric learning, K. King 2017). The numbers are personal data that single a person
out: they live in memory, and only a person's approved enrolment may store them.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workers.inference.face_alignment import CHIP_SIDE
from workers.inference.model_entries import ModelEntry, ModelRefused
from workers.inference.registry import Model

DIMENSIONS = 128

SAME_PERSON_BELOW = 0.6
"""Euclidean distance: the network's own training margin, kept as its authors state it."""

LEAD_BELOW = 0.5
"""Euclidean distance: a lead is raised only below this.

At 0.6, 3 of 23 pairs of different people passed for one person when this was measured, and a watchlist
compares everybody with many; at 0.5 none did (docs/faces.md).
"""

DIFFERENT_PEOPLE = "different people nearer than 0.5"
"""The figure of the model's registry entry that is shown with every lead."""


def embed_faces(model: Model, chips: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Embeddings [n, 128], not normalised, of aligned RGB chips [150, 150, 3], in one batch.

    Raises ModelRefused for a model that gives anything else.
    """
    if not chips:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    batch = np.stack(chips)
    if batch.shape[1:] != (CHIP_SIDE, CHIP_SIDE, 3):
        raise ValueError("a chip is [150, 150, 3]")
    (found,) = model.run(np.ascontiguousarray(batch.transpose(0, 3, 1, 2), dtype=np.float32))
    result: NDArray[np.float32] = np.asarray(found, dtype=np.float32)
    if result.shape != (len(chips), DIMENSIONS):
        raise ModelRefused(f"Model {model.entry.id} must give {DIMENSIONS} numbers for each face.")
    return result


def distances(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float64]:
    """Euclidean distance of every pair, [len(a), len(b)]."""
    difference = a[:, None].astype(np.float64) - b[None].astype(np.float64)
    apart: NDArray[np.float64] = np.sqrt((difference**2).sum(axis=2))
    return apart


def template_of(embeddings: NDArray[np.floating]) -> NDArray[np.float32]:
    """One embedding [128] for several [n, 128] of what should be one person.

    The mean of those that the most central one takes for the same person; so a face of somebody
    else that slipped into a track does not pull it. Raises ValueError for none.
    """
    if not len(embeddings):
        raise ValueError("no embedding, no template")
    apart = distances(embeddings, embeddings)
    central = int(apart.sum(axis=1).argmin())
    own = embeddings[apart[central] < SAME_PERSON_BELOW]
    result: NDArray[np.float32] = own.mean(axis=0).astype(np.float32)
    return result


def error_rate_of(entry: ModelEntry) -> tuple[float, str]:
    """How often different people lie nearer than `LEAD_BELOW`, and what that was measured on.

    The upper end of the interval: a handful of pairs without an error does not show a rate of 0. A
    model for which it was not measured may be wrong every time, and the sentence says so.
    """
    for figure in entry.measured:
        if figure.what == DIFFERENT_PEOPLE:
            rate = figure.value if figure.high is None else figure.high
            return rate, f"at most this, with 95% confidence: {figure.data} ({figure.at})"
    return 1.0, "not measured for this model"
