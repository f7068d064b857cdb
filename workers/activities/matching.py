"""Comparing the faces of a routed alert's clip with the entries in force at its site. Off without the legal gate.

A face is a vector in this process's memory and a parameter of one query. What matches nobody is gone with the end of
the activity: no file, row, log or payload has it. What matches is a lead for two people, and decides nothing.
"""

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray
from PIL import Image

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert, Clip
from apps.storage.keys import sighting_crop
from apps.storage.store import media_store
from apps.triage.states import ClipState
from apps.watchlists.operations.leads import raise_lead, record_compared
from apps.watchlists.queries.gate import faces_are_on
from apps.watchlists.queries.search import Gallery, Match, gallery_at, nearest
from workers.activities.derived import fetch_master
from workers.activities.stopped import is_stopped
from workers.inference.face_embedding import LEAD_BELOW, error_rate_of
from workers.inference.face_gathering import TrackFace, faces_of_tracks
from workers.inference.limits import ClipLimits
from workers.inference.model_entries import ModelEntry
from workers.inference.registry import FACE_EMBEDDING, process_models
from workers.inference.stored_tracks import tracks_of
from workflows.activities import COMPARE_FACES
from workflows.messages import AlertRef

NEAREST: Final = 5
"""So many entries are named for one face, the nearest first."""

_JPEG_QUALITY: Final = 90


@dataclass(frozen=True, kw_only=True)
class _Hit:
    """The face of a clip that lies nearest to an entry, and how near."""

    entry_id: UUID
    face: TrackFace
    distance: float


@COMPARE_FACES.implemented_by
def compare_faces(message: AlertRef) -> None:
    """Compare once more what was compared before: a lead is raised once, and only numbers are written down again.

    A clip whose turn comes while a STOP covers its camera is not compared, then or later.
    """
    tenant_id, alert_id = UUID(message.tenant_id), UUID(message.alert_id)
    with tenant_scope(tenant_id):
        if not faces_are_on(tenant_id, now=timezone.now()):
            return
        alert = Alert.objects.select_related("clip").filter(id=alert_id).first()
        clip = getattr(alert, "clip", None)
        if alert is not None and is_stopped(alert):
            return
        if alert is None or clip is None or clip.state != ClipState.STORED or not clip.analysis_key:
            return
        gallery = gallery_at(
            tenant_id=tenant_id, site_id=alert.site_id, model_sha256=_entry().sha256
        )
    if gallery.vectors:
        _compare(alert, clip, gallery)


def _entry() -> ModelEntry:
    """The embedding's registry entry; the model itself is loaded only when a face is there."""
    return process_models().registry.entry(FACE_EMBEDDING)


def _compare(alert: Alert, clip: Clip, gallery: Gallery) -> None:
    faces = _faces(clip)
    with tenant_scope(alert.tenant_id):
        matches = nearest(
            gallery=gallery,
            vectors=[face.embedding.tolist() for face in faces],
            limit=NEAREST,
            threshold=LEAD_BELOW,
        )
    hits = closest_by_entry(faces, matches)
    keys = {hit.entry_id: _store(alert, hit) for hit in hits}
    with tenant_scope(alert.tenant_id), transaction.atomic():
        now = timezone.now()
        for hit in hits:
            _raise(alert, hit, key=keys[hit.entry_id], gallery=gallery, now=now)
        record_compared(
            alert_id=alert.id,
            faces=len(faces),
            entries_compared=gallery.entries,
            matches=len(hits),
            model_sha256=_entry().sha256,
            threshold=LEAD_BELOW,
            now=now,
        )


def closest_by_entry(faces: Sequence[TrackFace], matches: Iterable[Match]) -> list[_Hit]:
    """For each entry that a face lies near, the nearest face; nearest entries first."""
    best: dict[UUID, _Hit] = {}
    for match in sorted(matches, key=lambda one: one.distance):
        hit = _Hit(entry_id=match.entry_id, face=faces[match.place], distance=match.distance)
        best.setdefault(match.entry_id, hit)
    return list(best.values())


def _faces(clip: Clip) -> list[TrackFace]:
    with media_store().get_stream(key=clip.analysis_key) as stream:
        analysis: Mapping[str, Any] = json.loads(stream.read())
    with TemporaryDirectory(prefix="compare-") as folder:
        path = Path(folder) / "master"
        fetch_master(clip, path)
        return faces_of_tracks(
            path,
            tracks_of(analysis),
            limits=ClipLimits(max_bytes=settings.CLIP_MAX_BYTES),
            models=process_models(),
        )


def _store(alert: Alert, hit: _Hit) -> str:
    """Keep the picture of a match, and of a match only, under its lead's key."""
    key = sighting_crop(tenant_id=alert.tenant_id, entry_id=hit.entry_id, alert_id=alert.id)
    content = jpeg_of(hit.face.around)
    media_store().put_stream(
        key=key, stream=io.BytesIO(content), length=len(content), content_type="image/jpeg"
    )
    return key


def jpeg_of(picture: NDArray[np.uint8]) -> bytes:
    """An RGB picture as a JPEG without metadata."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()


def _raise(alert: Alert, hit: _Hit, *, key: str, gallery: Gallery, now: datetime) -> None:
    entry = _entry()
    rate, source = error_rate_of(entry)
    raise_lead(
        entry_id=hit.entry_id,
        alert_id=alert.id,
        seconds=hit.face.seconds,
        crop_key=key,
        score=hit.distance,
        threshold=LEAD_BELOW,
        quality=hit.face.quality,
        error_rate=rate,
        error_rate_source=source,
        model_id=entry.id,
        model_sha256=entry.sha256,
        entries_compared=gallery.entries,
        now=now,
    )
