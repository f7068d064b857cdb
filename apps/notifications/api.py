"""Notifications through the API: the same lists, operations and events as on the screen; a person's own only."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.notifications.models import Notification, NotificationChoice
from apps.notifications.operations import UnableToChoose, choose, mark_read
from apps.notifications.queries import choice_of, notifications_of, unread_of
from apps.notifications.rules import KIND_WORDS

KINDS = [(kind.value, words) for kind, words in KIND_WORDS.items()]


class NewestFirst(CursorPagination):
    ordering = ("-occurred_at", "-id")


class NotificationData(serializers.Serializer[Notification]):
    """One notification: a sentence, a reference, and the path of the page it is about."""

    id = serializers.UUIDField()
    event_id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=KINDS)
    words = serializers.CharField()
    reference = serializers.CharField(allow_blank=True)
    path = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class ReadData(serializers.Serializer[Any]):
    """How many were unread until now."""

    count = serializers.IntegerField()


class ChoiceData(serializers.Serializer[NotificationChoice]):
    """What the person hears of, in the browser and by e-mail. Quiet hours: both or neither."""

    on_screen = serializers.ListField(child=serializers.ChoiceField(choices=KINDS))
    by_email = serializers.ListField(child=serializers.ChoiceField(choices=KINDS))
    quiet_from = serializers.TimeField(allow_null=True)
    quiet_until = serializers.TimeField(allow_null=True)
    timezone = serializers.CharField(max_length=64)
    language = serializers.ChoiceField(choices=settings.LANGUAGES)


class NotificationsView(ListAPIView[Notification]):
    serializer_class = NotificationData
    pagination_class = NewestFirst

    def get_queryset(self) -> QuerySet[Notification]:
        user = _person(self.request)
        unread = self.request.query_params.get("unread") == "true"
        return unread_of(user) if unread else notifications_of(user)

    @extend_schema(
        operation_id="notifications",
        parameters=[OpenApiParameter("unread", bool, description="Only what is not read yet.")],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What you were told on screen, newest first."""
        return super().get(request, *args, **kwargs)


class ReadAllView(APIView):
    @extend_schema(operation_id="notifications_read", request=None, responses={200: ReadData})
    def post(self, request: Request) -> Response:
        """Mark everything you were told as read."""
        return _read(request, None)


class ReadOneView(APIView):
    @extend_schema(operation_id="notification_read", request=None, responses={200: ReadData})
    def post(self, request: Request, notification_id: UUID) -> Response:
        """Mark one as read."""
        mine = notifications_of(_person(request))
        return _read(request, get_object_or_404(mine, id=notification_id))


class ChoiceView(APIView):
    @extend_schema(operation_id="notification_choice", responses={200: ChoiceData})
    def get(self, request: Request) -> Response:
        """What you hear of; the defaults until you choose."""
        return Response(ChoiceData(choice_of(_person(request))).data)

    @extend_schema(
        operation_id="notification_choose", request=ChoiceData, responses={200: ChoiceData}
    )
    def put(self, request: Request) -> Response:
        """Choose what you hear of."""
        asked = ChoiceData(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            kept = choose(
                actor=actor_of(request._request),
                user=_person(request),
                now=timezone.now(),
                **asked.validated_data,
            )
        except UnableToChoose as refusal:
            raise ValidationError({"detail": str(refusal)}) from None
        return Response(ChoiceData(kept).data)


def _person(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user


def _read(request: Request, only: Notification | None) -> Response:
    count = mark_read(
        actor=actor_of(request._request), user=_person(request), now=timezone.now(), only=only
    )
    return Response(ReadData({"count": count}).data)
