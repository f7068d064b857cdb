"""Asking for a second look through the API: the same operation, refusals and event as on the screen."""

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
from apps.alerts.queries import alerts_visible_to
from apps.reviews.operations import UnableToTakeTask, ask_for_second_look
from apps.reviews.operations.second_looks import LONGEST, SHORTEST
from apps.reviews.queries import open_task_of
from apps.reviews.serializers import RefusalSerializer
from apps.sites.queries import allows


class SecondLookSerializer(serializers.Serializer[Any]):
    """What the other person should look at."""

    reason = serializers.CharField(min_length=SHORTEST, max_length=LONGEST)


class SecondLookAskedSerializer(serializers.Serializer[Any]):
    """Who has the alert now; null when it is free for everybody."""

    assignee = serializers.UUIDField(allow_null=True)


class SecondLookView(APIView):
    @extend_schema(
        operation_id="alert_second_look",
        request=SecondLookSerializer,
        responses={200: SecondLookAskedSerializer, 409: RefusalSerializer},
    )
    def post(self, request: Request, alert_id: UUID) -> Response:
        """Hand a waiting alert to a colleague, with what to look at. Nothing is decided."""
        user = request.user
        assert isinstance(user, User)
        alert = alerts_visible_to(user).select_related("site").filter(id=alert_id).first()
        if alert is None:
            raise Http404
        if not allows(user, Permission.DECIDE, alert.site_id):
            raise PermissionDenied("Deciding alerts is not part of your role.")
        asked = SecondLookSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        task = open_task_of(alert)
        try:
            if task is None:
                raise UnableToTakeTask("Nobody has to decide this alert.")
            other = ask_for_second_look(
                actor=actor_of(request._request),
                user=user,
                task=task,
                reason=asked.validated_data["reason"],
                now=timezone.now(),
            )
        except UnableToTakeTask as refusal:
            body = {"code": "not_handed_on", "detail": refusal.sentence}
            return Response(body, status=status.HTTP_409_CONFLICT)
        return Response(SecondLookAskedSerializer({"assignee": other.id if other else None}).data)
