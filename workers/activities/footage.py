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
from apps.alerts.operations.clips import record_analysis, refuse_clip
from apps.evidence.models import EvidenceKind
from apps.triage.canonical import canonical_bytes
from apps.triage.states import AlertState, ClipState
from workers.activities.derived import DerivedFiles, fetch_master
from workers.inference.analysis import analyse_clip as look_at
from workers.inference.limits import ClipLimits
from workers.inference.probe import probe_clip
from workers.inference.results import ClipAnalysis
from workers.inference.working_copy import make_working_copy
from workflows.activities import ANALYSE_CLIP
from workflows.messages import AlertRef, ClipFound, ClipStanding


@ANALYSE_CLIP.implemented_by
def analyse_clip(message: AlertRef) -> ClipFound:
    """Analyse a stored clip once. One that cannot be looked at is refused in words; that is an answer, not an error."""
    tenant_id, alert_id = UUID(message.tenant_id), UUID(message.alert_id)
    with tenant_scope(tenant_id):
        clip = Clip.objects.get(alert_id=alert_id)
        if clip.state != ClipState.STORED or clip.analysis_key:
            return ClipFound(standing=ClipStanding(clip.state), analysed=bool(clip.analysis_key))
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
    analysis = look_at(path, limits=limits)
    copied = make_working_copy(path, copy, limits=limits, probe=probe_clip(path, limits=limits))
    results = DerivedFiles(clip)
    results.add("analysis", "json", canonical_bytes(analysis.to_json()), "application/json")
    results.add("poster", "jpg", analysis.poster_jpeg, "image/jpeg", kind=EvidenceKind.STILL)
    if copied:
        results.add_file("copy", "mp4", copy, "video/mp4")
    with tenant_scope(clip.tenant_id):
        _register(clip, analysis, results)


def _register(clip: Clip, analysis: ClipAnalysis, results: DerivedFiles) -> None:
    now = timezone.now()
    marked = analysis.marked_span
    record_analysis(
        alert_id=clip.alert_id,
        now=now,
        analysis_key=results.key("analysis"),
        poster_key=results.key("poster"),
        playable_key=results.key("copy") or clip.master_key,
        duration_ms=round(analysis.duration_seconds * 1000),
        marked_from_ms=round(marked.start_seconds * 1000),
        marked_to_ms=round(marked.end_seconds * 1000),
    )
    results.register(now=now)
