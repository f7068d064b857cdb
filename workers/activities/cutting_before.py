"""The half minute before a clip, out of the camera's recording, with faces blurred like the clip's own."""

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.alerts.clip_format import ClipRefused
from apps.alerts.intake import SECONDS_BEFORE
from apps.alerts.models import Alert, Clip
from apps.alerts.operations.blurring import note_nothing_before, record_before
from apps.alerts.queries import clip_starts_at
from apps.sites.models import Recording
from apps.sites.queries import recording_over
from apps.triage.states import ClipState
from workers.activities.derived import DerivedFiles
from workers.activities.recorded import CutOut, cut_out
from workers.inference.analysis import analyse_clip, ignore_progress
from workers.inference.blurring import Blurred, write_blurred_copy
from workers.inference.limits import ClipLimits
from workers.inference.registry import process_models
from workflows.activities import CUT_BEFORE
from workflows.messages import AlertRef

NO_RECORDING = "No recording of this camera is kept for that time."


@CUT_BEFORE.implemented_by
def cut_before(message: AlertRef) -> None:
    """Cut and blur it once. Without a recording the clip says so; that is an answer, not an error."""
    tenant_id, alert_id = UUID(message.tenant_id), UUID(message.alert_id)
    with tenant_scope(tenant_id):
        alert = Alert.objects.select_related("clip", "camera").get(id=alert_id)
        clip = alert.clip
        if clip.state != ClipState.STORED or clip.before_key or not clip.analysis_key:
            return
        end = clip_starts_at(alert, clip)
        start = end - timedelta(seconds=SECONDS_BEFORE)
        recording = recording_over(camera=alert.camera, start=start, end=end)
        if recording is None:
            note_nothing_before(alert_id=alert_id, reason=NO_RECORDING)
            return
    with TemporaryDirectory(prefix="before-") as folder:
        span = Path(folder) / "before"
        try:
            found = cut_out(recording, start=start, end=end, target=span)
            _blur(clip, recording, found, span)
        except ClipRefused as refusal:
            with tenant_scope(tenant_id):
                note_nothing_before(alert_id=alert_id, reason=refusal.sentence)


def _blur(clip: Clip, recording: Recording, found: CutOut, span: Path) -> None:
    """Nobody's face stays: whom the alert is about is not known in this part."""
    limits, copy = ClipLimits(max_bytes=settings.CLIP_MAX_BYTES), span.with_name("blurred.mp4")
    blurred = write_blurred_copy(
        span,
        copy,
        tracks=analyse_clip(span, limits=limits).tracks,
        models=process_models(),
        limits=limits,
        progress=ignore_progress,
    )
    files = DerivedFiles(clip)
    files.add_file("before", "mp4", copy, "video/mp4")
    with tenant_scope(clip.tenant_id):
        _register(clip, recording, found, files, blurred)


def _register(
    clip: Clip, recording: Recording, found: CutOut, files: DerivedFiles, blurred: Blurred
) -> None:
    record_before(
        alert_id=clip.alert_id,
        key=files.key("before"),
        seconds=found.seconds,
        facts=asdict(blurred)
        | {
            "recording": str(recording.id),
            "recording_sha256": recording.sha256,
            "starts_at": found.starts_at.isoformat(),
            "ends_at": found.ends_at.isoformat(),
        },
    )
    files.register(now=timezone.now())
