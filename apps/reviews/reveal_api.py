"""Revealing faces through the API: the same permission, reason, time and record as on the screen."""

from uuid import UUID

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.alerts.queries import alerts_visible_to
from apps.reviews.footage_queries import footage_for
from apps.reviews.operations import UnableToReveal, cover_faces, reveal_faces
from apps.reviews.serializers import (
    FootageSerializer,
    RefusalSerializer,
    RevealReasonSerializer,
)
from apps.sites.queries import allows


class AlertFootage(APIView):
    authentication_classes = [SessionAuthentication]

    @extend_schema(operation_id="alert_footage", responses={200: FootageSerializer})
    def get(self, request: Request, alert_id: UUID) -> Response:
        """Which version of the clip you are shown now, and until when."""
        user, alert = _alert_for(request, alert_id, Permission.VIEW_CLIPS)
        return _footage(user, alert, status.HTTP_200_OK)


class RevealFaces(APIView):
    authentication_classes = [SessionAuthentication]

    @extend_schema(
        operation_id="alert_reveal_faces",
        request=RevealReasonSerializer,
        responses={201: FootageSerializer, 403: RefusalSerializer, 409: RefusalSerializer},
    )
    def post(self, request: Request, alert_id: UUID) -> Response:
        """See the clip with faces for ten minutes, for a reason that is recorded."""
        user, alert = _alert_for(request, alert_id, Permission.VIEW_CLIPS, Permission.REVEAL_FACES)
        body = RevealReasonSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            reveal_faces(
                actor=actor_of(request._request),
                user=user,
                alert=alert,
                reason=body.validated_data["reason"],
                now=timezone.now(),
            )
        except UnableToReveal as refusal:
            code = status.HTTP_403_FORBIDDEN if refusal.forbidden else status.HTTP_409_CONFLICT
            return Response({"code": "not_revealed", "detail": refusal.sentence}, status=code)
        return _footage(user, alert, status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="alert_cover_faces", request=None, responses={200: FootageSerializer}
    )
    def delete(self, request: Request, alert_id: UUID) -> Response:
        """Cover the faces again before the time is over."""
        user, alert = _alert_for(request, alert_id, Permission.VIEW_CLIPS)
        cover_faces(actor=actor_of(request._request), user=user, alert=alert, now=timezone.now())
        return _footage(user, alert, status.HTTP_200_OK)


def _alert_for(request: Request, alert_id: UUID, *permissions: Permission) -> tuple[User, Alert]:
    user = request.user
    assert isinstance(user, User)
    alert = alerts_visible_to(user).select_related("clip").filter(id=alert_id).first()
    if alert is None:
        raise Http404
    for permission in permissions:
        if not allows(user, permission, alert.site_id):
            raise PermissionDenied(permission.value)
    return user, alert


def _footage(user: User, alert: Alert, http_status: int) -> Response:
    footage = footage_for(user=user, alert=alert, now=timezone.now())
    if footage is None:
        raise Http404
    return Response(FootageSerializer(footage).data, status=http_status)
