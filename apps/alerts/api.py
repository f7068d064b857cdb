"""The alerts API: detectors raise and follow alerts with a signature, people read with a session."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.tenancy import tenant_scope
from apps.alerts import schema
from apps.alerts.authentication import JSON, MULTIPART, Sender, SignedBody, SourceSignature
from apps.alerts.delivery import Delivery, read_multipart
from apps.alerts.intake import ClipDelivery, Fault, NotAnAlert, read_alert, read_clip_notice
from apps.alerts.models import Alert
from apps.alerts.operations import (
    ConflictingDelivery,
    UnableToReceive,
    UnableToTakeClip,
    note_upload_finished,
    note_view,
    receive_alert,
    record_clip_arrival,
)
from apps.alerts.problems import NotSupported, SpoolFull, problem
from apps.alerts.queries import alerts_visible_to, clip_of
from apps.alerts.refusals import note_refusal
from apps.alerts.saliency import SaliencyState, saliency_standing
from apps.alerts.serializers import (
    AlertAccepted,
    AlertStated,
    AlertStatus,
    AlertWithClip,
    LateClip,
    UploadFinished,
)
from apps.alerts.spool import UnableToSpool
from apps.alerts.stopped import stop_holding
from apps.storage import keys
from apps.storage.objects import UPLOAD_SECONDS
from apps.storage.store import media_store
from apps.triage.states import AlertState, ClipState

log = logging.getLogger(__name__)


class NewestFirst(CursorPagination):
    ordering = ("-received_at", "-id")
    page_size = 50


class SignedView(APIView):
    """A view that lets go of a signed body however it answers."""

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        body = getattr(request, "_auth", None)  # `auth` would authenticate a request that was not
        if isinstance(body, SignedBody):
            body.file.close()
        return super().finalize_response(request, response, *args, **kwargs)


class AlertsView(SignedView):
    """Raise an alert (signed), list alerts (session)."""

    def get_authenticators(self) -> list[BaseAuthentication]:
        raising = self.request is not None and self.request.method == "POST"
        return [SourceSignature()] if raising else [SessionAuthentication()]

    @extend_schema(
        operation_id="alerts_raise",
        summary="Raise an alert",
        description=(
            "Signed by a detector source. 202 means committed: the alert cannot be lost after it. The "
            "same `webhook-id` with the same content answers 202 with the same alert; a multipart "
            "retry may use another boundary. A clip that is no video does not lose the alert: it "
            "is accepted with `clip.state` = `refused` and the reason, and a person will see it."
        ),
        request={JSON: AlertStated, MULTIPART: AlertWithClip},
        responses={202: AlertAccepted, **schema.problems(400, 401, 409, 413, 415, 422, 503, 507)},
        examples=schema.EXAMPLES,
    )
    def post(self, request: Request) -> Response:
        sender, body = _proven(request)
        return _read_then(sender, body, lambda delivery: _receive(sender, body, delivery))

    @extend_schema(
        operation_id="alerts_list",
        summary="List the alerts you may see, newest first",
        parameters=[
            OpenApiParameter("state", enum=[state.value for state in AlertState]),
            OpenApiParameter("cursor", description="From `next` or `previous` of another page."),
        ],
        responses={200: AlertStatus(many=True), **schema.problems(401, 403)},
    )
    def get(self, request: Request) -> Response:
        user = _person(request)
        alerts = _with_clip(alerts_visible_to(user))
        if state := request.query_params.get("state"):
            alerts = alerts.filter(state=state)
        paginator = NewestFirst()
        page = paginator.paginate_queryset(alerts, request, view=self) or []
        return paginator.get_paginated_response([_status(alert) for alert in page])


class AlertView(SignedView):
    """One alert, for its source (signed) and for people who work at its site (session)."""

    authentication_classes = [SourceSignature, SessionAuthentication]

    @extend_schema(
        operation_id="alerts_status",
        summary="What became of an alert",
        responses={200: AlertStatus, **schema.problems(401, 403, 404, 503)},
    )
    def get(self, request: Request, alert_id: UUID) -> Response:
        sender = cast(object, request.user)  # DRF's stubs know users only
        if isinstance(sender, Sender):
            with tenant_scope(sender.source.tenant_id):
                return Response(_status(_own_alert(sender, alert_id), to_sender=True))
        alert = _with_clip(alerts_visible_to(_person(request))).filter(id=alert_id).first()
        if alert is None:
            raise NotFound
        note_view(actor=actor_of(request._request), alert=alert, now=timezone.now())
        return Response(_status(alert))


class AlertClipView(SignedView):
    """The clip of an alert that was raised without it."""

    authentication_classes = [SourceSignature]

    @extend_schema(
        operation_id="alerts_clip",
        summary="Send the clip that follows, or say that the upload is complete",
        description="The body repeats the alert's id, so that the signature ties the clip to it.",
        request={JSON: UploadFinished, MULTIPART: LateClip},
        responses={202: AlertAccepted, **schema.problems(400, 401, 404, 409, 413, 415, 503, 507)},
    )
    def post(self, request: Request, alert_id: UUID) -> Response:
        sender, body = _proven(request)
        return _read_then(
            sender, body, lambda delivery: _attach(sender, delivery, alert_id=alert_id)
        )


def _read_then(sender: Sender, body: SignedBody, act: Callable[[Delivery], Response]) -> Response:
    """Read the parts of a proven body and act on them; a clip nobody took does not stay."""
    try:
        delivery = _delivery(body)
    except NotAnAlert as error:
        return _not_readable(sender, body, error)
    except UnableToSpool as error:
        raise SpoolFull from error
    try:
        return act(delivery)
    except NotAnAlert as error:
        delivery.discard_clip()
        return _not_readable(sender, body, error)
    except BaseException:
        delivery.discard_clip()
        raise


def _delivery(body: SignedBody) -> Delivery:
    if body.media_type == JSON:
        return Delivery(stated=body.all())
    if body.media_type == MULTIPART:
        return read_multipart(body.file, content_type=body.content_type)
    raise NotSupported


def _receive(sender: Sender, body: SignedBody, delivery: Delivery) -> Response:
    clip = delivery.clip
    intake = read_alert(
        delivery.stated,
        key=body.message_id,
        source_id=sender.source.id,
        clip_sha256=clip.sha256 if clip else "",
        clip_name=clip.original_name if clip else "",
    )
    now = timezone.now()
    with tenant_scope(sender.source.tenant_id):
        try:
            received = receive_alert(actor=sender.actor, intake=intake, clip=clip, now=now)
        except UnableToReceive as refusal:
            conflict = isinstance(refusal, ConflictingDelivery)
            return problem(409 if conflict else 422, code=refusal.code, detail=refusal.sentence)
    return Response(_accepted(received.alert, to_sender=True), status=202)


def _attach(sender: Sender, delivery: Delivery, *, alert_id: UUID) -> Response:
    named = read_clip_notice(delivery.stated, with_clip=delivery.clip is not None)
    if named != alert_id:
        raise NotAnAlert([Fault("alert", "is not the id in the address")])
    now = timezone.now()
    with tenant_scope(sender.source.tenant_id):
        alert = _own_alert(sender, alert_id)
        try:
            if delivery.clip is None:
                clip = note_upload_finished(actor=sender.actor, alert=alert, now=now)
            else:
                clip = record_clip_arrival(
                    actor=sender.actor, alert=alert, clip=delivery.clip, now=now
                )
        except UnableToTakeClip as refusal:
            return problem(409, code=refusal.code, detail=refusal.sentence)
        alert.clip = clip
        return Response(_accepted(alert, to_sender=True), status=202)


def _not_readable(sender: Sender, body: SignedBody, error: NotAnAlert) -> Response:
    note_refusal(
        code="not_readable",
        message_id=body.message_id,
        tenant_id=sender.source.tenant_id,
        source_id=sender.source.id,
    )
    detail = "The request cannot be read; nothing was accepted."
    return problem(400, code="invalid", detail=detail, faults=error.faults)


def _proven(request: Request) -> tuple[Sender, SignedBody]:
    sender, body = cast(object, request.user), request.auth
    assert isinstance(sender, Sender)
    assert isinstance(body, SignedBody)
    return sender, body


def _person(request: Request) -> User:
    user = request.user
    if not isinstance(user, User) or not user.may(Permission.VIEW_ALERTS):
        raise PermissionDenied
    return user


def _with_clip(alerts: QuerySet[Alert]) -> QuerySet[Alert]:
    return alerts.select_related("clip", "camera")


def _own_alert(sender: Sender, alert_id: UUID) -> Alert:
    alert = _with_clip(Alert.objects.filter(id=alert_id, source=sender.source)).first()
    if alert is None:
        raise NotFound
    return alert


def _accepted(alert: Alert, *, to_sender: bool = False) -> dict[str, Any]:
    return {
        "id": str(alert.id),
        "reference": alert.reference,
        "status_url": settings.PUBLIC_URL + reverse("api-alert", args=[alert.id]),
        "state": alert.state,
        "clip": _clip(alert, to_sender=to_sender),
    }


def _status(alert: Alert, *, to_sender: bool = False) -> dict[str, Any]:
    """The machine's verdict is not in it, nor the score while a person has to judge blind."""
    blind = alert.hides_proposal and not to_sender
    return _accepted(alert, to_sender=to_sender) | {
        "camera": alert.camera.slug,
        "detector": {"id": alert.detector_id, "version": alert.detector_version},
        "label": alert.label,
        "score": None if blind else alert.score,
        "stage": alert.stage,
        "failed_step": alert.failed_step,
        "failed_reason": alert.failed_reason,
        "camera_at": alert.camera_at,
        "received_at": alert.received_at,
        "clock_skew_flagged": alert.clock_skew_flagged,
        "is_drill": alert.is_drill,
        "resolved_at": alert.resolved_at,
        "held_by_stop": _held(alert),
        "saliency": _saliency(alert),
    }


def _held(alert: Alert) -> dict[str, Any] | None:
    stop = stop_holding(alert)
    if stop is None:
        return None
    return {"stop": stop.id, "since": stop.stopped_at, "reason": stop.reason}


def _saliency(alert: Alert) -> dict[str, Any]:
    standing = saliency_standing(alert, now=timezone.now())
    ready = standing.state is SaliencyState.READY
    address = settings.PUBLIC_URL + reverse("api-alert-saliency", args=[alert.id])
    return {
        "state": standing.state.value,
        "why": standing.why,
        "url": address if ready else None,
    }


def _clip(alert: Alert, *, to_sender: bool) -> dict[str, Any] | None:
    """Where the footage is. Only its sender is given an address to upload to."""
    clip = clip_of(alert)
    if clip is None:
        return None
    reasons = {
        "refused_code": clip.refused_code,
        "refused_reason": clip.refused_reason,
        "pending_reason": clip.pending_reason,
    }
    shown: dict[str, Any] = {"state": clip.state}
    shown |= {name: words for name, words in reasons.items() if words}
    if to_sender and clip.delivery == ClipDelivery.UPLOAD and clip.state == ClipState.PENDING:
        shown["upload"] = _upload(alert)
    return shown


def _upload(alert: Alert) -> dict[str, Any]:
    """An address for one PUT, good for an hour, signed on this machine without asking the store."""
    key = keys.alert_upload(tenant_id=alert.tenant_id, alert_id=alert.id)
    return {
        "url": media_store().presigned_put(key=key, seconds=UPLOAD_SECONDS),
        "method": "PUT",
        "expires_at": timezone.now() + timedelta(seconds=UPLOAD_SECONDS),
    }
