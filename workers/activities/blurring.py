"""The copy of a clip that people are shown: every face blurred, unless the tenant shows the one the alert is about."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.alerts.clip_format import ClipRefused
from apps.alerts.models import Alert, Clip
from apps.alerts.operations.blurring import note_not_blurred, record_blurred
from apps.storage.store import media_store
from apps.triage.states import ClipState
from workers.activities.derived import DerivedFiles, fetch_master
from workers.inference.analysis import ignore_progress
from workers.inference.blurring import Blurred, write_blurred_copy
from workers.inference.limits import ClipLimits
from workers.inference.registry import process_models
from workers.inference.results import REFERENCE_DETECTOR
from workers.inference.stored_tracks import tracks_of
from workflows.activities import BLUR_CLIP
from workflows.messages import AlertRef


@BLUR_CLIP.implemented_by
def blur_clip(message: AlertRef) -> None:
    """Blur an analysed clip once. One that cannot be copied is noted in words; that is an answer, not an error."""
    tenant_id, alert_id = UUID(message.tenant_id), UUID(message.alert_id)
    with tenant_scope(tenant_id):
        alert = Alert.objects.select_related("clip").get(id=alert_id)
        shows_subject = Tenant.objects.get(id=tenant_id).shows_subject_face
    clip = alert.clip
    if clip.state != ClipState.STORED or clip.blurred_key or not clip.analysis_key:
        return
    analysis = _analysis(clip)
    subject = subject_track(analysis, detector_id=alert.detector_id) if shows_subject else None
    with TemporaryDirectory(prefix="blur-") as folder:
        try:
            _blur(clip, analysis, visible_track=subject, folder=Path(folder))
        except ClipRefused as refusal:
            with tenant_scope(tenant_id):
                note_not_blurred(alert_id=alert_id, reason=refusal.sentence)


def subject_track(analysis: Mapping[str, Any], *, detector_id: str) -> int | None:
    """Whom the alert is about, if that is certain: the one our own score is of, or the only person there is.

    A detector of somebody else's says what it saw, not which of our tracks it saw it in.
    """
    tracks = [int(track["id"]) for track in analysis["tracks"]]
    if len(tracks) == 1:
        return tracks[0]
    behaviour = analysis.get("behaviour") or {}
    if detector_id != REFERENCE_DETECTOR or behaviour.get("subject_track") not in tracks:
        return None
    return int(behaviour["subject_track"])


def _analysis(clip: Clip) -> Mapping[str, Any]:
    with media_store().get_stream(key=clip.analysis_key) as stream:
        found: Mapping[str, Any] = json.loads(stream.read())
    return found


def _blur(
    clip: Clip, analysis: Mapping[str, Any], *, visible_track: int | None, folder: Path
) -> None:
    master, copy = folder / "master", folder / "blurred.mp4"
    fetch_master(clip, master)
    blurred = write_blurred_copy(
        master,
        copy,
        tracks=tracks_of(analysis),
        models=process_models(),
        limits=ClipLimits(max_bytes=settings.CLIP_MAX_BYTES),
        progress=ignore_progress,
        visible_track=visible_track,
    )
    files = DerivedFiles(clip)
    files.add_file("blurred", "mp4", copy, "video/mp4")
    with tenant_scope(clip.tenant_id):
        _register(clip, files, blurred, one_is_visible=visible_track is not None)


def _register(clip: Clip, files: DerivedFiles, blurred: Blurred, *, one_is_visible: bool) -> None:
    now = timezone.now()
    record_blurred(
        alert_id=clip.alert_id,
        key=files.key("blurred"),
        facts=asdict(blurred) | {"subject_visible": one_is_visible},
        now=now,
    )
    files.register(now=now)
