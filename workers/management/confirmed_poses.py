"""A tenant's judged alerts as a pose data set, from the analyses stored with their clips."""

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Clip, Disposition
from apps.storage.store import media_store
from apps.storage.streams import CHUNK_BYTES
from apps.triage.states import Verdict
from workers.inference.poses import KEYPOINTS
from workers.inference.results import Track
from workers.inference.stored_tracks import tracks_of
from workers.inference.training.fitting import TooFewLabels
from workers.inference.training.poses import PoseClip, PosePath

LEAST_CONFIRMED: Final = 30
LEAST_REFUTED: Final = 60
# Stored samples lie near five a second; on this grid no two of them share a frame.
_FPS: Final = 15.0
_REFUTED: Final = (Verdict.FALSE_ALARM, Verdict.BENIGN_EXPLAINED)


class NoSuchTenant(Exception):
    """There is no tenant of that name; `str()` says so."""


def confirmed_poses(slug: str) -> tuple[PoseClip, ...]:
    """The clips of alerts whose standing verdict is theft, false alarm or benign.

    Of a confirmed one the span marked to be watched is labelled: a weak label, no better than the mark.
    A clip weighs the inverse of the chance with which its alert came before a person. Raises NoSuchTenant,
    and TooFewLabels when fewer than 30 confirmed or 60 refuted alerts have an analysed clip with poses.
    """
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise NoSuchTenant(f"There is no tenant {slug!r}.")
    with tenant_scope(tenant.id):
        judged = Disposition.objects.filter(
            tenant_id=tenant.id,
            superseded_by__isnull=True,
            verdict__in=[Verdict.THEFT_CONFIRMED, *_REFUTED],
        ).select_related("alert")
        chances = {one.alert_id: one for one in judged}
        clips = list(
            Clip.objects.filter(alert_id__in=chances).exclude(analysis_key="").order_by("alert_id")
        )
    found = [_clip(clip, chances[clip.alert_id]) for clip in clips]
    return _enough(tuple(one for one in found if one.paths))


def _enough(clips: tuple[PoseClip, ...]) -> tuple[PoseClip, ...]:
    confirmed = sum(not clip.is_normal for clip in clips)
    refuted = len(clips) - confirmed
    if confirmed < LEAST_CONFIRMED or refuted < LEAST_REFUTED:
        raise TooFewLabels(
            f"{confirmed} confirmed and {refuted} refuted alerts have poses to learn from; at least {LEAST_CONFIRMED} "
            f"and {LEAST_REFUTED} are needed. Nothing was trained."
        )
    return clips


def _clip(clip: Clip, said: Disposition) -> PoseClip:
    with media_store().get_stream(key=clip.analysis_key) as stream:
        parts = []
        while part := stream.read(CHUNK_BYTES):
            parts.append(part)
    analysis = json.loads(b"".join(parts))
    width, height = float(analysis["width"]), float(analysis["height"])
    return PoseClip(
        name=str(clip.alert_id),
        camera=str(said.alert.camera_id),
        split="Judged",
        fps=_FPS,
        picture=(width, height),
        paths=tuple(
            path
            for track in tracks_of(analysis)
            if (path := _path(track, width=width, height=height)) is not None
        ),
        labels=_labels(analysis, confirmed=said.verdict == Verdict.THEFT_CONFIRMED),
        weight=1.0 / said.sampling_probability,
    )


def _path(track: Track, *, width: float, height: float) -> PosePath | None:
    posed = [sample for sample in track.samples if sample.keypoints is not None]
    frames = np.array([round(sample.seconds * _FPS) for sample in posed], dtype=np.int64)
    frames, first = np.unique(frames, return_index=True)
    if not len(frames):
        return None
    poses = np.array([posed[k].keypoints for k in first]).reshape(-1, KEYPOINTS, 3)
    boxes = np.array([posed[k].box for k in first])
    return PosePath(
        person=track.id,
        frames=frames,
        boxes=boxes * np.array([width, height, width, height]),
        keypoints=poses * np.array([width, height, 1.0]),
    )


def _labels(analysis: Mapping[str, Any], *, confirmed: bool) -> NDArray[np.float64]:
    times = np.arange(max(1, round(float(analysis["duration_seconds"]) * _FPS))) / _FPS
    span = analysis["marked_span"]
    inside = (times >= span["start_seconds"]) & (times <= span["end_seconds"])
    labels: NDArray[np.float64] = (inside & confirmed).astype(np.float64)
    return labels
