"""Bringing an alert's footage into the object store: hashed while it streams, registered as evidence."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.alerts.clip_format import HEAD_BYTES, ClipContainer, ClipRefused, check_clip_head
from apps.alerts.intake import CUT_FROM_RECORDING
from apps.alerts.models import Alert, Clip
from apps.alerts.operations.analysis import begin_analysis, note_step
from apps.alerts.operations.blurring import note_step_failed
from apps.alerts.operations.clips import (
    clip_missing,
    clip_pending,
    refuse_clip,
    store_clip,
)
from apps.alerts.queries import recording_of, span_of
from apps.alerts.spool import path_of
from apps.audit.events import Actor
from apps.evidence.models import EvidenceKind
from apps.evidence.operations import acquire_item
from apps.storage.errors import ObjectMissing, StorageUnavailable
from apps.storage.keys import alert_master, alert_upload
from apps.storage.objects import StoredObject
from apps.storage.store import media_store
from apps.storage.streams import Readable
from apps.triage.states import AlertState, ClipState
from workers.activities.recorded import cut_out
from workflows.activities import ACQUIRE_CLIP, NOTE_FOOTAGE
from workflows.messages import AcquireClip, ClipFound, ClipStanding, NoteFootage, Stage

_BEFORE_ROUTING = (AlertState.RECEIVED, AlertState.ANALYSING)
_UPLOAD = "upload"
_MEDIA_TYPES: Mapping[str, str] = {
    ClipContainer.MP4: "video/mp4",
    ClipContainer.MATROSKA: "video/webm",
    ClipContainer.AVI: "video/x-msvideo",
    ClipContainer.MPEGTS: "video/mp2t",
    ClipContainer.MJPEG: "video/x-motion-jpeg",
}
# What browsers open at all; whether they play it, the analysis finds out.
_SHOWN_AS_IS = (ClipContainer.MP4, ClipContainer.MATROSKA)


@ACQUIRE_CLIP.implemented_by
def acquire_clip(message: AcquireClip) -> ClipFound:
    """Store what there is of the clip. A store that is down is no error here: the clip stays pending, visibly."""
    tenant_id, alert_id = UUID(message.tenant_id), UUID(message.alert_id)
    with tenant_scope(tenant_id):
        facts = begin_analysis(alert_id=alert_id, now=timezone.now())
        clip = Clip.objects.filter(alert_id=alert_id).first()
    routed = facts.state not in _BEFORE_ROUTING
    if clip is None:
        return ClipFound(standing=ClipStanding.NONE, routed=routed)
    try:
        standing = _bring(clip, give_up=message.give_up)
    except StorageUnavailable:
        standing = _still_pending(clip, show=not routed)
    return ClipFound(standing=standing, analysed=bool(clip.analysis_key), routed=routed)


@NOTE_FOOTAGE.implemented_by
def note_footage(message: NoteFootage) -> None:
    """Say on the clip that a step that looks closer at it did not work."""
    with tenant_scope(UUID(message.tenant_id)):
        note_step_failed(alert_id=UUID(message.alert_id), step=message.step, kind=message.kind)


def _bring(clip: Clip, *, give_up: bool) -> ClipStanding:
    if clip.state == ClipState.SPOOLED:
        return _store_spooled(clip)
    if clip.state in (ClipState.PENDING, ClipState.MISSING):
        if clip.delivery == CUT_FROM_RECORDING:
            return _store_cut(clip) or _without(clip, give_up=give_up)
        uploaded = clip.delivery == _UPLOAD and _store_uploaded(clip)
        return uploaded or _without(clip, give_up=give_up)
    return ClipStanding(clip.state)


def _store_spooled(clip: Clip) -> ClipStanding:
    try:
        path = path_of(clip.spool_name)
        with path.open("rb") as file:
            return _store(clip, file, length=path.stat().st_size, container=clip.container)
    except FileNotFoundError:
        return _refuse(
            clip, "lost", "The clip's file is no longer in the spool. Ask its sender for it again."
        )


def _store_uploaded(clip: Clip) -> ClipStanding | None:
    """Take over what came by a presigned address, once it can be a video; None while nothing came."""
    store, key = media_store(), alert_upload(tenant_id=clip.tenant_id, alert_id=clip.alert_id)
    try:
        size = store.stat(key=key).size
        with store.get_stream(key=key, length=HEAD_BYTES) as stream:
            head = _read_all(stream) if size else b""
        container = check_clip_head(head, size_bytes=size, max_bytes=settings.CLIP_MAX_BYTES)
        with store.get_stream(key=key) as stream:
            standing = _store(clip, stream, length=size, container=container.value)
    except ObjectMissing:
        return None
    except ClipRefused as refusal:
        standing = _refuse(clip, refusal.code.value, refusal.sentence)
    store.delete(key=key)
    return standing


def _store_cut(clip: Clip) -> ClipStanding | None:
    """Cut the clip out of the camera's recording; None when no recording has its time any more."""
    with tenant_scope(clip.tenant_id):
        alert = Alert.objects.select_related("camera").get(id=clip.alert_id)
        recording = recording_of(alert)
    if recording is None:
        return None
    start, end = span_of(alert)
    with TemporaryDirectory(prefix="cut-") as folder:
        target = Path(folder) / "span"
        try:
            found = cut_out(recording, start=start, end=end, target=target)
        except ClipRefused as refusal:
            return _refuse(clip, refusal.code.value, refusal.sentence)
        clip.original_name = found.name(recording)
        with target.open("rb") as file:
            length = target.stat().st_size
            return _store(clip, file, length=length, container=found.cut.container)


def _store(clip: Clip, stream: Readable, *, length: int, container: str) -> ClipStanding:
    """Stream into the store, then register; a digest other than the one on arrival is refused."""
    store = media_store()
    media_type = _MEDIA_TYPES.get(container, "application/octet-stream")
    stored = store.put_stream(
        key=alert_master(tenant_id=clip.tenant_id, alert_id=clip.alert_id),
        stream=stream,
        length=length,
        content_type=media_type,
    )
    if clip.sha256 and stored.sha256 != clip.sha256:
        store.delete(key=stored.key, version_id=stored.version_id)
        return _refuse(
            clip, "digest_mismatch", "The clip changed on our disk after it had arrived."
        )
    with tenant_scope(clip.tenant_id):
        _register(clip, stored, bucket=store.bucket, media_type=media_type, container=container)
    return ClipStanding.STORED


def _register(
    clip: Clip, stored: StoredObject, *, bucket: str, media_type: str, container: str
) -> None:
    now = timezone.now()
    Clip.objects.filter(alert_id=clip.alert_id).update(original_name=clip.original_name)
    store_clip(
        alert_id=clip.alert_id,
        stored=stored,
        now=now,
        container=container,
        media_type=media_type,
        playable=container in _SHOWN_AS_IS,
    )
    alert = Alert.objects.get(id=clip.alert_id)
    acquire_item(
        actor=Actor.system(clip.tenant_id),
        alert=alert,
        kind=EvidenceKind.MASTER,
        bucket=bucket,
        stored=stored,
        media_type=media_type,
        original_name=clip.original_name,
        now=now,
    )
    if alert.state in _BEFORE_ROUTING:
        note_step(alert_id=clip.alert_id, stage=Stage.ANALYSIS.capitalize(), now=now)


def _still_pending(clip: Clip, *, show: bool) -> ClipStanding:
    with tenant_scope(clip.tenant_id):
        clip_pending(
            alert_id=clip.alert_id,
            reason="The object store does not answer. The clip is safe here and is sent again.",
        )
        if show:
            stage = Stage.CLIP_PENDING.capitalize()
            note_step(alert_id=clip.alert_id, stage=stage, now=timezone.now())
    return ClipStanding.PENDING


def _without(clip: Clip, *, give_up: bool) -> ClipStanding:
    if clip.state == ClipState.MISSING:
        return ClipStanding.MISSING
    with tenant_scope(clip.tenant_id):
        if not give_up:
            stage = Stage.CLIP_ANNOUNCED.capitalize()
            note_step(alert_id=clip.alert_id, stage=stage, now=timezone.now())
            return ClipStanding.ANNOUNCED
        clip_missing(
            alert_id=clip.alert_id,
            reason="Announced, but it did not come in time. It is taken if it still comes.",
            now=timezone.now(),
        )
    return ClipStanding.MISSING


def _refuse(clip: Clip, code: str, reason: str) -> ClipStanding:
    with tenant_scope(clip.tenant_id):
        refuse_clip(alert_id=clip.alert_id, code=code, reason=reason, now=timezone.now())
    return ClipStanding.REFUSED


def _read_all(stream: Readable) -> bytes:
    parts = []
    while part := stream.read(HEAD_BYTES):
        parts.append(part)
    return b"".join(parts)
