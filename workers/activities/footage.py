"""Looking at a clip: fetched into a temporary file, analysed on the device, results stored beside the original.

Runs on the inference queue only; nothing else imports this module.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.alerts.clip_format import ClipRefused
from apps.alerts.models import Alert, Clip
from apps.alerts.operations.analysis import note_step
from apps.alerts.operations.clips import OwnScore, record_analysis, refuse_clip
from apps.evidence.models import EvidenceKind
from apps.triage.canonical import canonical_bytes
from apps.triage.states import AlertState, ClipState
from workers.activities.derived import DerivedFiles, fetch_master
from workers.activities.looked import Looked
from workers.activities.sections import analysis_json
from workers.activities.stopped import require_not_stopped
from workers.activities.zones import scene_zones
from workers.inference.analysis import analyse_clip as look_at
from workers.inference.limits import ClipLimits
from workers.inference.probe import probe_clip
from workers.inference.results import REFERENCE_DETECTOR, ClipAnalysis
from workers.inference.working_copy import make_working_copy
from workflows.activities import ANALYSE_CLIP
from workflows.messages import AlertRef, ClipFound, ClipStanding


@ANALYSE_CLIP.implemented_by
def analyse_clip(message: AlertRef) -> ClipFound:
    """Analyse a stored clip once. One that cannot be looked at is refused in words; that is an answer, not an error.

    Fails as `Stopped` while a STOP covers the camera: nothing looks at a clip then, our own detector neither.
    """
    tenant_id, alert_id = UUID(message.tenant_id), UUID(message.alert_id)
    with tenant_scope(tenant_id):
        clip = Clip.objects.get(alert_id=alert_id)
        if clip.state != ClipState.STORED or clip.analysis_key:
            return ClipFound(standing=ClipStanding(clip.state), analysed=bool(clip.analysis_key))
        require_not_stopped(Alert.objects.get(id=alert_id))
        if Alert.objects.filter(id=alert_id, state=AlertState.ANALYSING).exists():
            note_step(alert_id=alert_id, stage="Analysing the clip", now=timezone.now())
    with TemporaryDirectory(prefix="clip-") as folder:
        try:
            _look(clip, Path(folder))
        except ClipRefused as refusal:
            with tenant_scope(tenant_id):
                refuse_clip(
                    alert_id=alert_id,
                    code=refusal.code.value,
                    reason=refusal.sentence,
                    now=timezone.now(),
                )
            return ClipFound(standing=ClipStanding.REFUSED)
    return ClipFound(standing=ClipStanding.STORED, analysed=True)


def _look(clip: Clip, folder: Path) -> None:
    path, copy = folder / "master", folder / "copy.mp4"
    limits = ClipLimits(max_bytes=settings.CLIP_MAX_BYTES)
    fetch_master(clip, path)
    with tenant_scope(clip.tenant_id):
        zones = scene_zones(alert_id=clip.alert_id)
    analysis = look_at(path, limits=limits, zones=zones)
    copied = make_working_copy(path, copy, limits=limits, probe=probe_clip(path, limits=limits))
    files = DerivedFiles(clip)
    stored = analysis_json(
        Looked(clip=clip, path=path, limits=limits, analysis=analysis, files=files)
    )
    files.add("analysis", "json", canonical_bytes(stored), "application/json")
    files.add("poster", "jpg", analysis.poster_jpeg, "image/jpeg", kind=EvidenceKind.STILL)
    if copied:
        files.add_file("copy", "mp4", copy, "video/mp4")
    with tenant_scope(clip.tenant_id):
        _register(clip, analysis, files)


def _register(clip: Clip, analysis: ClipAnalysis, files: DerivedFiles) -> None:
    now = timezone.now()
    marked = analysis.marked_span
    record_analysis(
        alert_id=clip.alert_id,
        now=now,
        analysis_key=files.key("analysis"),
        poster_key=files.key("poster"),
        playable_key=files.key("copy") or clip.master_key,
        duration_ms=round(analysis.duration_seconds * 1000),
        marked_from_ms=round(marked.start_seconds * 1000),
        marked_to_ms=round(marked.end_seconds * 1000),
        scored_by=_own_score(analysis),
    )
    files.register(now=now)


def _own_score(analysis: ClipAnalysis) -> OwnScore | None:
    """What the reference detector made of the clip; None where it had nobody to score."""
    reading = analysis.behaviour
    if reading is None or reading.score is None:
        return None
    return OwnScore(
        detector_id=REFERENCE_DETECTOR, detector_version=reading.version, score=reading.score
    )
