"""Training records through the API: the same operations as on the screen, with the same refusals."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import GenericAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.actors import actor_of
from apps.accounts.models import TrainingRecord, User
from apps.accounts.permissions import Permission
from apps.accounts.queries import TrainingLine, TrainingState, training_lines
from apps.accounts.training import (
    LONGEST_REASON,
    LONGEST_TEXT,
    LONGEST_TRAINER,
    Training,
    UnableToRecord,
    record_training,
    revoke_training,
)

MOST_PEOPLE = 200


class NewestFirst(CursorPagination):
    ordering = ("-recorded_at", "-id")
    page_size = 50


class TrainingStated(serializers.Serializer[object]):
    people = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=MOST_PEOPLE
    )
    release = serializers.CharField(
        max_length=40, required=False, help_text="Without it: the release in use."
    )
    trainer = serializers.CharField(max_length=LONGEST_TRAINER)
    covered = serializers.CharField(max_length=LONGEST_TEXT)
    trained_on = serializers.DateField()
    valid_until = serializers.DateField(help_text="That day included, UTC.")


class RevocationStated(serializers.Serializer[object]):
    reason = serializers.CharField(max_length=LONGEST_REASON)


class TrainingData(serializers.Serializer[TrainingRecord]):
    """A training record. Written once; `revoked_at` and `revoked_because` are null while it stands."""

    id = serializers.UUIDField()
    person = serializers.UUIDField(source="person_id")
    release = serializers.CharField()
    trainer = serializers.CharField()
    covered = serializers.CharField()
    trained_on = serializers.DateField()
    valid_until = serializers.DateField()
    recorded_by = serializers.UUIDField(source="recorded_by_id", allow_null=True)
    recorded_at = serializers.DateTimeField()
    revoked_at = serializers.SerializerMethodField()
    revoked_because = serializers.SerializerMethodField()

    def get_revoked_at(self, record: TrainingRecord) -> str | None:
        found = getattr(record, "revocation", None)
        return found.revoked_at.isoformat() if found else None

    def get_revoked_because(self, record: TrainingRecord) -> str | None:
        found = getattr(record, "revocation", None)
        return found.reason if found else None


class TrainingStandingData(serializers.Serializer[TrainingLine]):
    """How a person stands with the release in use; `may_decide` is false until a training is on record."""

    person = serializers.UUIDField(source="person.id")
    role = serializers.CharField(source="person.role")
    standing = serializers.ChoiceField(
        source="standing.state", choices=[state.value for state in TrainingState]
    )
    may_decide = serializers.BooleanField(source="standing.is_covered")
    words = serializers.CharField(source="standing.words")
    record = serializers.UUIDField(source="record.id", allow_null=True, default=None)


class TrainingRecordsView(GenericAPIView[TrainingRecord]):
    """Training records of your people."""

    serializer_class: Any = TrainingData
    pagination_class = NewestFirst

    def get_queryset(self) -> QuerySet[TrainingRecord]:
        if getattr(self, "swagger_fake_view", False):
            return TrainingRecord.objects.none()
        rows = TrainingRecord.objects.filter(tenant_id=_user(self.request).tenant_id)
        return rows.select_related("revocation")

    @extend_schema(
        operation_id="training_records",
        parameters=[OpenApiParameter("person", str, description="Those of this person only.")],
        responses={200: TrainingData(many=True)},
    )
    def get(self, request: Request) -> Response:
        """List the records, newest first, those taken back too."""
        rows = self.get_queryset()
        if asked := request.query_params.get("person"):
            rows = rows.filter(person_id=_uuid(asked))
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="record_training",
        request=TrainingStated,
        responses={201: TrainingData(many=True)},
    )
    def post(self, request: Request) -> Response:
        """Record that people took part in a training: all of them, or nobody. Your own is recorded by somebody else."""
        user = _user(request)
        asked = TrainingStated(data=request.data)
        asked.is_valid(raise_exception=True)
        stated = {"release": settings.TRAINING_RELEASE, **asked.validated_data}
        wanted = set(stated.pop("people"))
        people = list(User.objects.filter(id__in=wanted, tenant_id=user.tenant_id))
        if len(people) != len(wanted):
            raise Http404
        try:
            made = record_training(
                actor=actor_of(request._request),
                user=user,
                people=people,
                training=Training(**stated),
                now=timezone.now(),
            )
        except UnableToRecord as refusal:
            return Response({"detail": str(refusal)}, status=status.HTTP_409_CONFLICT)
        return Response([TrainingData(one).data for one in made], status=status.HTTP_201_CREATED)


class TrainingRevocationView(APIView):
    @extend_schema(
        operation_id="revoke_training",
        request=RevocationStated,
        responses={200: TrainingData},
    )
    def post(self, request: Request, record_id: UUID) -> Response:
        """Take a record back. The person cannot decide by it from this moment on."""
        user = _user(request)
        rows = TrainingRecord.objects.select_related("person")
        found = rows.filter(id=record_id, tenant_id=user.tenant_id).first()
        if found is None:
            raise Http404
        asked = RevocationStated(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            revoke_training(
                actor=actor_of(request._request),
                user=user,
                training=found,
                reason=asked.validated_data["reason"],
                now=timezone.now(),
            )
        except UnableToRecord as refusal:
            return Response({"detail": str(refusal)}, status=status.HTTP_409_CONFLICT)
        return Response(TrainingData(found).data)


class TrainingStandingsView(APIView):
    @extend_schema(
        operation_id="training_standings", responses={200: TrainingStandingData(many=True)}
    )
    def get(self, request: Request) -> Response:
        """Everybody whose role needs training for the release in use; who may not decide comes first."""
        lines = training_lines(_user(request).tenant_id, timezone.now())
        return Response([TrainingStandingData(line).data for line in lines])


def _user(request: Request) -> User:
    user = request.user
    assert isinstance(user, User)
    if not user.may(Permission.MANAGE_TRAINING_RECORDS):
        raise PermissionDenied("This is not part of your role.")
    return user


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
