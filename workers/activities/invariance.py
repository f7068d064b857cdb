"""The section "invariance" of an analysis: the alert's detector asked again with only people's looks changed."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from apps.accounts.tenancy import tenant_scope
from apps.alerts.clip_format import ClipRefused
from apps.alerts.models import Alert
from apps.evidence.models import EvidenceKind
from workers.activities.looked import Looked
from workers.activities.scorers import is_our_own, scorer_of
from workers.inference.invariance import (
    BUDGETS,
    InvarianceBudget,
    InvarianceReading,
    check_invariance,
    key_times,
    people_at,
)
from workers.inference.people import People
from workers.inference.poster import poster_jpeg
from workers.inference.reading import FrameBatch, frames_at
from workers.inference.registry import FACE, process_models
from workers.inference.results import TrackSample
from workers.inference.scoring import Scorer, UnableToScore

NOBODY: Final = "Nobody was followed in this clip, so nobody's looks could be changed."
METHOD: Final = (
    "the same {count} frames of {start:.1f} to {end:.1f} s scored as they are and with only the looks of people changed, "
    "by {scorer}"
)


def invariance(looked: Looked) -> Mapping[str, Any]:
    """What the detector answers to the frames before and after each change, or why it cannot be told."""
    with tenant_scope(looked.clip.tenant_id):
        alert = Alert.objects.select_related("source").get(id=looked.clip.alert_id)
    try:
        return _assessed(looked, alert)
    except UnableToScore as problem:
        return {"state": "not_assessable", "reason": str(problem)}
    except ClipRefused as refusal:
        return {"state": "not_assessable", "reason": refusal.sentence}


def _assessed(looked: Looked, alert: Alert) -> dict[str, Any]:
    analysis, budget = looked.analysis, BUDGETS[settings.INVARIANCE_BUDGET]
    scorer = scorer_of(
        alert=alert,
        tracks=analysis.tracks,
        width=analysis.width,
        height=analysis.height,
        limits=looked.limits,
    )
    frames = _frames(looked, budget)
    people = [people_at(analysis.tracks, seconds=float(t)) for t in frames.times]
    found = check_invariance(frames, people=people, scorer=scorer, changes=budget.changes)
    return {
        "state": "assessed",
        "reason": "",
        "scorer": scorer.name,
        "method": _method(frames, scorer),
        "input": "joints" if is_our_own(alert) else "frames",
        "score": found.score,
        "frames": [round(float(t), 3) for t in frames.times],
        **_stored(looked, found, frames=frames, seen=people[found.shown]),
        "left_out": [{"name": change.name, "why": why} for change, why in found.left_out],
    }


def _frames(looked: Looked, budget: InvarianceBudget) -> FrameBatch:
    times = key_times(looked.analysis, count=budget.frames)
    if not times:
        raise UnableToScore(NOBODY)
    return frames_at(looked.path, times=times, limits=looked.limits)


def _method(frames: FrameBatch, scorer: Scorer) -> str:
    return METHOD.format(
        count=len(frames.times),
        start=float(frames.times[0]),
        end=float(frames.times[-1]),
        scorer=scorer.name,
    )


def _stored(
    looked: Looked,
    found: InvarianceReading,
    *,
    frames: FrameBatch,
    seen: tuple[TrackSample, ...],
) -> dict[str, Any]:
    """The pictures of one frame before and after each change, stored with faces blurred, and what each gave."""
    changes = []
    before = _keep(looked, "before", frames.images[found.shown], seen)
    for one in found.tried:
        key = _keep(looked, one.change.name, one.picture, seen)
        changes.append({"name": one.change.name, "score": one.score, "image_key": key})
    return {"before_key": before, "changes": changes}


def _keep(
    looked: Looked, name: str, picture: NDArray[np.uint8], seen: tuple[TrackSample, ...]
) -> str:
    jpeg = poster_jpeg(
        picture,
        face_model=process_models().get(FACE),
        people=People(
            boxes=np.array([one.box for one in seen]).reshape(-1, 4),
            scores=np.array([one.score for one in seen]),
        ),
        poses=[one.keypoints for one in seen],
    )
    file_name = f"invariance-{name.replace('_', '-')}"
    looked.files.add(file_name, "jpg", jpeg, "image/jpeg", kind=EvidenceKind.STILL)
    return looked.files.key(file_name)
