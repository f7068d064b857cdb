"""Correcting a decision through the API: the same operation, refusals and events as on the screen."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.sessions import authenticated_recently
from apps.alerts.queries import alerts_visible_to
from apps.cases.corrections import correct_decision
from apps.reviews.operations.correcting import LONGEST_REASON, SHORTEST_REASON, UnableToCorrect
from apps.reviews.serializers import RefusalSerializer
from apps.triage.states import Verdict


class CorrectionSerializer(serializers.Serializer[Any]):
    """The verdict that replaces the standing one. A correction never confirms a theft."""

    verdict = serializers.ChoiceField(choices=[verdict.value for verdict in Verdict])
    reason = serializers.CharField(min_length=SHORTEST_REASON, max_length=LONGEST_REASON)


class CorrectedSerializer(serializers.Serializer[Any]):
    disposition = serializers.UUIDField()
    supersedes = serializers.UUIDField()
    verdict = serializers.CharField()


class CorrectionView(APIView):
    @extend_schema(
        operation_id="alert_correct",
        request=CorrectionSerializer,
        responses={201: CorrectedSerializer, 403: RefusalSerializer, 409: RefusalSerializer},
    )
    def post(self, request: Request, alert_id: UUID) -> Response:
        """Supersede a wrong decision of somebody else; needs a sign-in of the last five minutes."""
        user = request.user
        assert isinstance(user, User)
        alert = alerts_visible_to(user).select_related("site").filter(id=alert_id).first()
        if alert is None:
            raise Http404
        asked = CorrectionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        if not authenticated_recently(request._request):
            return _refused(
                "reauthenticate", "Confirm who you are first.", status.HTTP_403_FORBIDDEN
            )
        try:
            made = correct_decision(
                actor=actor_of(request._request),
                user=user,
                alert=alert,
                verdict=Verdict(asked.validated_data["verdict"]),
                reason=asked.validated_data["reason"],
                now=timezone.now(),
            )
        except UnableToCorrect as refusal:
            code = status.HTTP_403_FORBIDDEN if refusal.forbidden else status.HTTP_409_CONFLICT
            return _refused("not_corrected", refusal.sentence, code)
        body = {
            "disposition": made.id,
            "supersedes": made.supersedes_id,
            "verdict": made.verdict,
        }
        return Response(CorrectedSerializer(body).data, status=status.HTTP_201_CREATED)


def _refused(code: str, detail: str, http_status: int) -> Response:
    return Response({"code": code, "detail": detail}, status=http_status)
