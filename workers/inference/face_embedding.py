"""A face as 128 numbers that are near for one person and far for two.

dlib's ResNet (metric learning, K. King 2017). The numbers are personal data that single a person
out: they live in memory, and only a person's approved enrolment may store them.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workers.inference.face_alignment import CHIP_SIDE
from workers.inference.registry import Model

DIMENSIONS = 128

SAME_PERSON_BELOW = 0.6
"""Euclidean distance: the network's own training margin, kept as its authors state it."""


def embed_faces(model: Model, chips: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Embeddings [n, 128], not normalised, of aligned RGB chips [150, 150, 3], in one batch."""
    if not chips:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    batch = np.stack(chips)
    if batch.shape[1:] != (CHIP_SIDE, CHIP_SIDE, 3):
        raise ValueError("a chip is [150, 150, 3]")
    (found,) = model.run(np.ascontiguousarray(batch.transpose(0, 3, 1, 2), dtype=np.float32))
    result: NDArray[np.float32] = np.asarray(found, dtype=np.float32)
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
