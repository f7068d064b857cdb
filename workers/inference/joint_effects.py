"""What each joint at each moment added to the behaviour model's answer for one window: exact, not estimated.

The players are six groups of joints (head, trunk, each elbow, each wrist), each in four pieces of time. A piece that
does not play is shown as the same person standing still with arms hanging. The shares are Owen's values (G. Owen,
*Values of games with a priori unions*, 1977), which are Shapley's (L. Shapley, *A value for n-person games*, 1953) first
among groups and then among the pieces of a group, computed over every coalition; they add up to the answer less that
for standing still. A group's share of a piece is spread evenly over its joints and samples.
"""

from itertools import chain, combinations
from math import factorial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.triage.wording import gettext_noop
from workers.inference.behaviour.model import BehaviourModel
from workers.inference.behaviour.windows import SAMPLES, STEP_SECONDS
from workers.inference.explaining import JointEffects
from workers.inference.poses import KEYPOINTS, Joint

METHOD: Final = gettext_noop(
    "Exact nested Shapley values (Owen) of head, trunk, elbows and wrists in four pieces of time, "
    "against standing still with arms hanging"
)
GROUPS: Final = (
    (Joint.NOSE, Joint.LEFT_EYE, Joint.RIGHT_EYE, Joint.LEFT_EAR, Joint.RIGHT_EAR),
    (Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER, Joint.LEFT_HIP, Joint.RIGHT_HIP),
    (Joint.LEFT_ELBOW,),
    (Joint.RIGHT_ELBOW,),
    (Joint.LEFT_WRIST,),
    (Joint.RIGHT_WRIST,),
)
PIECES: Final = 4

_ARMS = (
    (Joint.LEFT_SHOULDER, Joint.LEFT_ELBOW, Joint.LEFT_WRIST),
    (Joint.RIGHT_SHOULDER, Joint.RIGHT_ELBOW, Joint.RIGHT_WRIST),
)
_SMALLEST = 1e-6

Poses = NDArray[np.float64]
"""Normalised poses [8, 17, 2] of one window (`behaviour.features.normalised`)."""


def joint_effects(model: BehaviourModel, poses: Poses, *, start_seconds: float) -> JointEffects:
    """The contributions [8, 17] in log-odds to the model's answer for a window, before smoothing."""
    keys, masks = _coalitions()
    answers = dict(zip(keys, model.pose_log_odds(_shown(poses, masks)), strict=True))
    shares = np.array([[_share(answers, j, p) for p in range(PIECES)] for j in range(len(GROUPS))])
    contributions = np.zeros((SAMPLES, KEYPOINTS))
    for group, share in zip(GROUPS, shares, strict=True):
        even = np.repeat(share / (SAMPLES // PIECES * len(group)), SAMPLES // PIECES)
        contributions[:, list(group)] = even[:, None]
    at = (start_seconds + STEP_SECONDS * np.arange(SAMPLES)).astype(np.float64)
    base, answer = model.pose_log_odds(np.stack([still(poses), poses]))
    # The legs are not seen by the model, so that holding them changes nothing.
    return JointEffects(
        method=METHOD,
        times=at,
        contributions=contributions,
        shares=shares.ravel(),
        base=float(base),
        rest=float(answer - base - contributions.sum()),
        answer=float(answer),
        scale="log-odds",
    )


def still(poses: Poses) -> Poses:
    """The same person standing still, arms hanging, over the window: every joint at its mean place, arms downward."""
    held = poses.mean(axis=0)
    shoulders = held[[Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER]].mean(axis=0)
    hips = held[[Joint.LEFT_HIP, Joint.RIGHT_HIP]].mean(axis=0)
    down = (hips - shoulders) / max(float(np.linalg.norm(hips - shoulders)), _SMALLEST)
    for shoulder, elbow, wrist in _ARMS:
        upper, fore = (
            np.linalg.norm(poses[:, a] - poses[:, b], axis=1).mean()
            for a, b in ((shoulder, elbow), (elbow, wrist))
        )
        held[elbow] = held[shoulder] + upper * down
        held[wrist] = held[elbow] + fore * down
    return np.repeat(held[None], len(poses), axis=0)


Key = tuple[frozenset[int], int, frozenset[int]]
"""Groups that play whole, and one more group with those of its pieces that play."""


def _coalitions() -> tuple[list[Key], NDArray[np.bool_]]:
    """Every coalition that Owen's value asks for, and what it shows: [n, 8, 17]."""
    keys: list[Key] = []
    masks = []
    for j in range(len(GROUPS)):
        for whole in _subsets(set(range(len(GROUPS))) - {j}):
            for pieces in _subsets(set(range(PIECES))):
                keys.append((whole, j, pieces))
                masks.append(_mask(whole, j, pieces))
    return keys, np.array(masks)


def _mask(whole: frozenset[int], j: int, pieces: frozenset[int]) -> NDArray[np.bool_]:
    shown = np.zeros((SAMPLES, KEYPOINTS), dtype=bool)
    for group in whole:
        shown[:, list(GROUPS[group])] = True
    length = SAMPLES // PIECES
    for piece in pieces:
        shown[piece * length : (piece + 1) * length, list(GROUPS[j])] = True
    return shown


def _shown(poses: Poses, masks: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.where(masks[..., None], poses[None], still(poses)[None])


def _share(answers: dict[Key, float], j: int, piece: int) -> float:
    """The value of one piece of group j: its mean addition over all orders of groups, and of pieces in its group."""
    groups, total = len(GROUPS), 0.0
    for whole in _subsets(set(range(groups)) - {j}):
        for others in _subsets(set(range(PIECES)) - {piece}):
            gain = answers[whole, j, others | {piece}] - answers[whole, j, others]
            total += _weight(len(whole), groups) * _weight(len(others), PIECES) * gain
    return total


def _weight(size: int, players: int) -> float:
    return factorial(size) * factorial(players - size - 1) / factorial(players)


def _subsets(members: set[int]) -> list[frozenset[int]]:
    sizes = range(len(members) + 1)
    return [
        frozenset(one)
        for one in chain.from_iterable(combinations(sorted(members), size) for size in sizes)
    ]
