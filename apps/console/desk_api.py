"""Handing alerts out through the API: the same operation as the queue's, with the same refusals."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.queries import people_who_may
from apps.alerts.queries import alerts_visible_to
from apps.console.operations import MOST_AT_ONCE, hand_out


class HandOutSerializer(serializers.Serializer[Any]):
    """Which alerts, to whom. `to` null gives them back to everybody; one's own id takes them."""

    alerts = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=MOST_AT_ONCE
    )
    to = serializers.UUIDField(allow_null=True)

    def validate_to(self, value: Any) -> User | None:
        if value is None:
            return None
        asking: User = self.context["user"]
        found = people_who_may(asking.tenant_id, Permission.DECIDE).filter(id=value).first()
        if found is None:
            raise serializers.ValidationError("Nobody of this id decides alerts here.")
        return found


class HandedSerializer(serializers.Serializer[Any]):
    """How many were handed out, and a sentence for each that was not."""

    count = serializers.IntegerField()
    refusals = serializers.ListField(child=serializers.CharField())


class HandOutView(APIView):
    @extend_schema(
        operation_id="queue_hand_out", request=HandOutSerializer, responses={200: HandedSerializer}
    )
    def post(self, request: Request) -> Response:
        """Give the open tasks of alerts to a person who may decide them. Alerts you may not see are left out."""
        user = request.user
        assert isinstance(user, User)
        if not user.may(Permission.VIEW_ALERTS):
            raise PermissionDenied("Alerts are not part of your role.")
        asked = HandOutSerializer(data=request.data, context={"user": user})
        asked.is_valid(raise_exception=True)
        alerts = list(alerts_visible_to(user).filter(id__in=asked.validated_data["alerts"]))
        handed = hand_out(
            actor=actor_of(request._request),
            user=user,
            alerts=alerts,
            to=asked.validated_data["to"],
        )
        return Response(HandedSerializer(handed).data)
