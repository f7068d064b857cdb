"""Correcting a decision through the API: the same operation, refusals and events as on the screen."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import authenticated_recently
from apps.alerts.models import Alert
from apps.alerts.queries import alerts_visible_to
from apps.cases.corrections import (
    Consequences,
    HandedOver,
    UnableToTell,
    consequences_of,
    correct_decision,
    corrected_at,
    record_told,
)
from apps.cases.models import CaseFile, Exhibit
from apps.reviews.operations.correcting import LONGEST_REASON, SHORTEST_REASON, UnableToCorrect
from apps.reviews.serializers import RefusalSerializer
from apps.sites.queries import allows
from apps.triage.states import Verdict
from apps.watchlists.models import WatchlistEntry


class CorrectionSerializer(serializers.Serializer[Any]):
    """The verdict that replaces the standing one. A correction never confirms a theft."""

    verdict = serializers.ChoiceField(choices=[verdict.value for verdict in Verdict])
    reason = serializers.CharField(min_length=SHORTEST_REASON, max_length=LONGEST_REASON)


class CorrectedSerializer(serializers.Serializer[Any]):
    disposition = serializers.UUIDField()
    supersedes = serializers.UUIDField()
    verdict = serializers.CharField()


class RestingFile(serializers.Serializer[CaseFile]):
    id = serializers.UUIDField()
    reference = serializers.CharField()
    state = serializers.CharField()
    recipient = serializers.CharField()


class HandedOverFile(serializers.Serializer[HandedOver]):
    """A case file somebody has had; `told_at` and `told` are null until it is noted that they know of the correction."""

    file = RestingFile()
    released_at = serializers.DateTimeField(source="file.released_at")
    told_at = serializers.DateTimeField(source="told.occurred_at", allow_null=True, default=None)
    told = serializers.CharField(source="told.reason", allow_null=True, default=None)


class RestingEntry(serializers.Serializer[WatchlistEntry]):
    id = serializers.UUIDField()
    state = serializers.CharField()
    suspended_at = serializers.DateTimeField(allow_null=True)


class LockedExhibit(serializers.Serializer[Exhibit]):
    number = serializers.IntegerField()
    locked_until = serializers.DateTimeField(source="item.retain_until", allow_null=True)


class ConsequencesData(serializers.Serializer[Consequences]):
    """What rests on the decision. `entries` and `unreleased` a correction would stop; `stopped`, `withdrawn` it did."""

    case = serializers.UUIDField(source="case.id", allow_null=True, default=None)
    entries = RestingEntry(many=True)
    stopped = RestingEntry(many=True)
    handed_over = HandedOverFile(many=True)
    unreleased = RestingFile(many=True)
    withdrawn = RestingFile(many=True)
    exhibits = LockedExhibit(many=True)


class ToldStated(serializers.Serializer[Any]):
    account = serializers.CharField(
        max_length=500, help_text="How the recipient was told: by letter, by telephone, when."
    )


class CorrectionView(APIView):
    @extend_schema(operation_id="alert_correction", responses={200: ConsequencesData})
    def get(self, request: Request, alert_id: UUID) -> Response:
        """What rests on the decision: before it is corrected what would stop, afterwards what did and whom to tell."""
        _, alert = _correctable(request, alert_id)
        found = consequences_of(alert, since=corrected_at(alert))
        return Response(ConsequencesData(found).data)

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


class RecipientToldView(APIView):
    @extend_schema(
        operation_id="alert_correction_told",
        request=ToldStated,
        responses={200: ConsequencesData, 409: RefusalSerializer},
    )
    def post(self, request: Request, alert_id: UUID, file_id: UUID) -> Response:
        """Note that the recipient of a released case file was told of the correction, and how."""
        user, alert = _correctable(request, alert_id)
        file = CaseFile.objects.filter(id=file_id, case__incidents__alert=alert).first()
        if file is None:
            raise Http404
        asked = ToldStated(data=request.data)
        asked.is_valid(raise_exception=True)
        account = asked.validated_data["account"]
        try:
            record_told(
                actor=actor_of(request._request), user=user, alert=alert, file=file, account=account
            )
        except UnableToTell as refusal:
            return _refused("not_told", str(refusal), status.HTTP_409_CONFLICT)
        found = consequences_of(alert, since=corrected_at(alert))
        return Response(ConsequencesData(found).data)


def _correctable(request: Request, alert_id: UUID) -> tuple[User, Alert]:
    """The alert, for somebody who corrects decisions at its site: 404 to strangers, 403 to the others."""
    user = request.user
    assert isinstance(user, User)
    alert = alerts_visible_to(user).select_related("site").filter(id=alert_id).first()
    if alert is None:
        raise Http404
    if not allows(user, Permission.CORRECT_DECISIONS, alert.site_id):
        raise PermissionDenied("Correcting decisions is not part of your role at this site.")
    return user, alert


def _refused(code: str, detail: str, http_status: int) -> Response:
    return Response({"code": code, "detail": detail}, status=http_status)
