"""Handing over a camera's recording: signed by a detector source, or by a person who raises alerts at its site."""

from collections.abc import Callable
from typing import Any, Final, cast

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.tenancy import tenant_scope
from apps.alerts import schema
from apps.alerts.api import SignedView
from apps.alerts.authentication import MULTIPART, Sender, SignedBody, SourceSignature
from apps.alerts.clip_format import ClipContainer
from apps.alerts.delivery import FILE_PART, RECORDING_PART, Delivery, Expected, read_multipart
from apps.alerts.intake import Fault, NotAnAlert, StatedRecording, read_recording
from apps.alerts.mp4_duration import stated_seconds
from apps.alerts.operations.recordings import Kept, keep_recording
from apps.alerts.problems import NotSupported, SpoolFull, StoreAway, problem
from apps.alerts.serializers import RecordingKept, RecordingWithFile
from apps.alerts.spool import SpooledClip, UnableToSpool, path_of, spool_clip
from apps.audit.events import Actor
from apps.sites.models import Camera
from apps.sites.operations import RecordedFile
from apps.sites.queries import allows, cameras_visible_to
from apps.storage.errors import StorageUnavailable

LARGEST_DIFFERENCE_SECONDS: Final = 2.0
Allowed = Callable[[Camera], bool]


class RecordingsView(SignedView):
    """Keep a recording, so that clips and the seconds before them can be cut out of it."""

    parser_classes = [MultiPartParser]

    def get_authenticators(self) -> list[BaseAuthentication]:
        most = settings.RECORDING_MAX_BYTES + settings.INTAKE_MAX_JSON_BYTES
        return [SourceSignature(most_multipart_bytes=most), SessionAuthentication()]

    @extend_schema(
        operation_id="recordings_keep",
        summary="Hand over a stretch of a camera's recording",
        description=(
            "Two parts: `recording` (JSON: camera, starts_at by the camera's clock, seconds) and `file`. The same file "
            "of the same camera and time again answers 200 with the recording that is kept. 201 means stored and "
            "hashed. Alerts of its time that wait without a clip get theirs cut out of it."
        ),
        request={MULTIPART: RecordingWithFile},
        responses={
            200: RecordingKept,
            201: RecordingKept,
            **schema.problems(400, 401, 403, 413, 415, 422, 503, 507),
        },
    )
    def post(self, request: Request) -> Response:
        sender = cast(object, request.user)
        if isinstance(sender, Sender):
            body = request.auth
            assert isinstance(body, SignedBody)
            with tenant_scope(sender.source.tenant_id):
                cameras = Camera.objects.filter(tenant_id=sender.source.tenant_id)
                return _take(sender.actor, cameras, _signed(body))
        user = request.user
        if not isinstance(user, User) or not user.may(Permission.RAISE_ALERTS):
            raise PermissionDenied
        cameras = cameras_visible_to(user)
        return _take(actor_of(request._request), cameras, _uploaded(request), user=user)


def _signed(body: SignedBody) -> Callable[[], Delivery]:
    if body.media_type != MULTIPART:
        raise NotSupported
    expected = Expected(
        stated=RECORDING_PART, footage=FILE_PART, most_bytes=settings.RECORDING_MAX_BYTES
    )
    return lambda: read_multipart(body.file, content_type=body.content_type, expected=expected)


def _uploaded(request: Request) -> Callable[[], Delivery]:
    def read() -> Delivery:
        stated, file = request.POST.get(RECORDING_PART), request.FILES.get(FILE_PART)
        if not isinstance(stated, str):
            raise NotAnAlert([Fault(RECORDING_PART, "this part is missing: it holds JSON")])
        most = settings.RECORDING_MAX_BYTES
        clip = (
            spool_clip(file.chunks(), original_name=file.name or "", most_bytes=most)
            if file
            else None
        )
        return Delivery(stated=stated.encode(), clip=clip)

    return read


def _take(
    actor: Actor,
    cameras: QuerySet[Camera],
    read: Callable[[], Delivery],
    *,
    user: User | None = None,
) -> Response:
    try:
        delivery = read()
    except NotAnAlert as error:
        return _unreadable(error)
    except UnableToSpool as error:
        raise SpoolFull from error
    try:
        return _keep(actor, cameras, delivery, user)
    except NotAnAlert as error:
        return _unreadable(error)
    except StorageUnavailable as error:
        raise StoreAway from error
    finally:
        delivery.discard_clip()


def _keep(
    actor: Actor, cameras: QuerySet[Camera], delivery: Delivery, user: User | None
) -> Response:
    stated = read_recording(delivery.stated)
    file = delivery.clip
    if file is None:
        raise NotAnAlert([Fault(FILE_PART, "this part is missing: it is the recording")])
    if file.refused_code:
        return problem(422, code=file.refused_code, detail=file.refused_reason)
    camera = _camera(cameras, stated.camera)
    if camera is None:
        said = f"There is no camera {stated.camera} for you."
        return problem(422, code="unknown_camera", detail=said)
    if user is not None and not allows(user, Permission.RAISE_ALERTS, camera.site_id):
        raise PermissionDenied
    if said := _wrong_length(stated, file):
        return problem(422, code="wrong_length", detail=said)
    return _answer(_kept(actor, camera, stated, file))


def _kept(actor: Actor, camera: Camera, stated: StatedRecording, file: SpooledClip) -> Kept:
    with path_of(file.spool_name).open("rb") as stream:
        return keep_recording(
            actor=actor,
            camera=camera,
            file=RecordedFile(
                stream=stream,
                size_bytes=file.size_bytes,
                media_type="application/octet-stream",
                starts_at=stated.starts_at,
                seconds=stated.seconds,
            ),
            sha256=file.sha256,
            now=timezone.now(),
        )


def _camera(cameras: QuerySet[Camera], name: str) -> Camera | None:
    return next((one for one in cameras if name in (one.slug, str(one.id))), None)


def _wrong_length(stated: StatedRecording, file: SpooledClip) -> str:
    """What an MP4's own header says against the stated length; "" for no contradiction."""
    if file.container != ClipContainer.MP4:
        return ""
    found = stated_seconds(path_of(file.spool_name))
    if found is None or abs(found - stated.seconds) <= LARGEST_DIFFERENCE_SECONDS:
        return ""
    return f"The file says it is {found:.1f} s long, the request says {stated.seconds:.1f} s."


def _answer(kept: Kept) -> Response:
    row = kept.recording
    facts: dict[str, Any] = {
        "id": str(row.id),
        "camera": row.camera.slug,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "size_bytes": row.size_bytes,
        "sha256": row.sha256,
        "alerts_given_a_clip": kept.alerts,
    }
    return Response(facts, status=201 if kept.created else 200)


def _unreadable(error: NotAnAlert) -> Response:
    detail = "The request cannot be read; nothing was kept."
    return problem(400, code="invalid", detail=detail, faults=error.faults)
