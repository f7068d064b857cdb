"""The pictures of a watchlist entry: measured before somebody decides, embedded once somebody else has approved.

Before the approval a vector exists in this process's memory only, to find the same face among the entries in force.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import UUID

import numpy as np
from django.conf import settings
from django.utils import timezone
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from apps.accounts.tenancy import tenant_scope
from apps.alerts.clip_format import ClipRefused
from apps.alerts.models import Clip
from apps.storage.keys import watchlist_image
from apps.storage.store import media_store
from apps.triage.states import ClipState
from apps.watchlists.models import EntryImage
from apps.watchlists.operations.enrolment import (
    ImageFinding,
    StoredPicture,
    UnableToEnrol,
    record_image_check,
    store_embedding,
)
from apps.watchlists.queries.gate import faces_are_on
from apps.watchlists.queries.search import nearest_anywhere
from workers.activities.derived import fetch_master
from workers.activities.matching import jpeg_of
from workers.inference.face_embedding import LEAD_BELOW, embed_faces
from workers.inference.face_gathering import SeenFace, faces_in
from workers.inference.face_quality import ENROL_FROM, Check, pixels_needed
from workers.inference.imaging import square_crop
from workers.inference.limits import ClipLimits
from workers.inference.reading import frames_at
from workers.inference.registry import FACE_EMBEDDING, process_models
from workflows.enrolment_activities import CHECK_ENROLMENT, ENROL_FACE
from workflows.enrolment_messages import EntryRef, ImagesChecked

CUT_OF_HEIGHT: Final = 0.5
"""A moment of a clip is cut as a square of this share of the frame's height, around the point given."""

LONGEST_SIDE: Final = 1600
"""A larger picture is looked at in this size."""

_CUT_SIDE: Final = 1920
_LEAST_CUT: Final = 160


@dataclass(frozen=True, kw_only=True)
class _Picture:
    pixels: NDArray[np.uint8]
    stored: StoredPicture | None = None


@CHECK_ENROLMENT.implemented_by
def check_enrolment(message: EntryRef) -> ImagesChecked:
    """Measure every picture of a proposal. What is wrong with one is a finding, not an error."""
    tenant_id, entry_id = UUID(message.tenant_id), UUID(message.entry_id)
    with tenant_scope(tenant_id):
        if not faces_are_on(tenant_id, now=timezone.now()):
            return ImagesChecked(passed=False)
        images = list(EntryImage.objects.filter(entry_id=entry_id).select_related("entry"))
    answers = [_check(image) for image in images]
    return ImagesChecked(passed=bool(answers) and all(answers))


@ENROL_FACE.implemented_by
def enrol_face(message: EntryRef) -> None:
    """Embed and store every picture of an entry in force; of one that is not (any more) nothing is stored."""
    tenant_id, entry_id = UUID(message.tenant_id), UUID(message.entry_id)
    with tenant_scope(tenant_id):
        if not faces_are_on(tenant_id, now=timezone.now()):
            return
        images = list(EntryImage.objects.filter(entry_id=entry_id).exclude(key=""))
    for image in images:
        faces = _faces(_stored_picture(image))
        if len(faces) == 1:
            _enrol(image, faces[0], now=timezone.now())


def _check(image: EntryImage) -> bool:
    picture = _picture_of(image)
    faces = _faces(picture.pixels) if picture else []
    findings = findings_of(faces)
    duplicate = None
    if len(faces) == 1:
        duplicate, distance = _same_face(image, faces[0])
        findings.append(
            ImageFinding(
                code="not_a_duplicate",
                passed=duplicate is None,
                measured=distance,
                needed=LEAD_BELOW,
            )
        )
    with tenant_scope(image.tenant_id):
        record_image_check(
            entry_id=image.entry_id,
            image_id=image.id,
            findings=findings,
            quality=faces[0].quality.value if len(faces) == 1 else None,
            stored=picture.stored if picture else None,
            duplicate_of=duplicate,
            now=timezone.now(),
        )
    return all(finding.passed for finding in findings)


def findings_of(faces: Sequence[SeenFace]) -> list[ImageFinding]:
    """What was measured of a picture to enrol with: exactly one face, and each share of its quality."""
    one = ImageFinding(
        code="one_face", passed=len(faces) == 1, measured=float(len(faces)), needed=1.0
    )
    if not one.passed:
        return [one]
    quality = faces[0].quality
    return [one] + [
        ImageFinding(
            code=check.value,
            passed=share >= ENROL_FROM,
            measured=round(quality.pixels if check is Check.FACE_PIXELS else share, 3),
            needed=pixels_needed(ENROL_FROM) if check is Check.FACE_PIXELS else ENROL_FROM,
        )
        for check, share in quality.shares
    ]


def _same_face(image: EntryImage, face: SeenFace) -> tuple[UUID | None, float | None]:
    """Another entry in force with this face, and how near the nearest one's is."""
    (vector,) = embed_faces(process_models().get(FACE_EMBEDDING), [face.chip])
    with tenant_scope(image.tenant_id):
        found = nearest_anywhere(
            tenant_id=image.tenant_id, vectors=[vector.tolist()], limit=5, threshold=LEAD_BELOW
        )
    others = [match for match in found if match.entry_id != image.entry_id]
    return (others[0].entry_id, round(others[0].distance, 3)) if others else (None, None)


def _enrol(image: EntryImage, face: SeenFace, *, now: datetime) -> None:
    model = process_models().get(FACE_EMBEDDING)
    (vector,) = embed_faces(model, [face.chip])
    with tenant_scope(image.tenant_id):
        try:
            store_embedding(
                entry_id=image.entry_id,
                image_id=image.id,
                vector=vector.tolist(),
                model_id=model.entry.id,
                model_sha256=model.entry.sha256,
                quality=face.quality.value,
                now=now,
            )
        except UnableToEnrol:
            return  # it ended or the gate shut while we looked: there is nothing to keep a vector for


def _faces(pixels: NDArray[np.uint8]) -> list[SeenFace]:
    return faces_in(pixels, models=process_models())


def _picture_of(image: EntryImage) -> _Picture | None:
    """The picture to measure; of a clip's moment it is cut and stored first. None where there is none."""
    if image.key:
        return _Picture(pixels=_stored_picture(image))
    if image.at_seconds is None:
        return None
    with tenant_scope(image.tenant_id):
        clip = Clip.objects.filter(alert_id=image.entry.alert_id, state=ClipState.STORED).first()
    frame = _frame(clip, image.at_seconds) if clip else None
    if frame is None:
        return None
    cut = _cut(frame, x=image.at_x or 0.5, y=image.at_y or 0.5)
    return _Picture(pixels=cut, stored=_store(image, cut))


def _frame(clip: Clip, seconds: float) -> NDArray[np.uint8] | None:
    limits = replace(
        ClipLimits(max_bytes=settings.CLIP_MAX_BYTES), analysis_side=_CUT_SIDE, frames_held=1
    )
    with TemporaryDirectory(prefix="enrol-") as folder:
        path = Path(folder) / "master"
        fetch_master(clip, path)
        try:
            frames = frames_at(path, times=[seconds], limits=limits).images
        except ClipRefused:
            return None
    first: NDArray[np.uint8] = frames[0]
    return first


def _cut(frame: NDArray[np.uint8], *, x: float, y: float) -> NDArray[np.uint8]:
    height, width = frame.shape[:2]
    side = max(_LEAST_CUT, round(CUT_OF_HEIGHT * height))
    return square_crop(frame, centre=(x * width, y * height), side=side, size=side)


def _store(image: EntryImage, picture: NDArray[np.uint8]) -> StoredPicture:
    key = watchlist_image(tenant_id=image.tenant_id, entry_id=image.entry_id, image_id=image.id)
    content = jpeg_of(picture)
    media_store().put_stream(
        key=key, stream=io.BytesIO(content), length=len(content), content_type="image/jpeg"
    )
    height, width = picture.shape[:2]
    return StoredPicture(key=key, sha256=sha256(content).hexdigest(), width=width, height=height)


def _stored_picture(image: EntryImage) -> NDArray[np.uint8]:
    """The stored picture upright, in a size that is looked at; a picture that cannot be read shows nothing."""
    with media_store().get_stream(key=image.key) as stream:
        content = stream.read()
    try:
        with Image.open(io.BytesIO(content)) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return np.zeros((32, 32, 3), dtype=np.uint8)
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return np.asarray(upright)
