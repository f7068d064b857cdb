"""What was learned, for other systems: segments, fairness, retraining."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.reliability.atlas_filters import AtlasFilters
from apps.reliability.models import AlertFact, FairnessAlarm, FairnessSample, SegmentFinding
from apps.reliability.operations.fairness import UnableToCloseAlarm, close_fairness_alarm
from apps.reliability.operations.retraining import UnableToExport, export_training
from apps.reliability.queries.atlas import (
    active_refresh,
    narrowed,
    places_of,
    segments_visible_to,
)
from apps.reliability.queries.fairness import alarms_of, samples_of
from apps.reliability.queries.retraining import (
    Basis,
    RetrainingFilters,
    export_line,
    retraining_facts,
)
from apps.reliability.serializers.findings import (
    AlarmClosing,
    FairnessAlarmFacts,
    FairnessReportFacts,
    RetrainingChoice,
    SegmentFacts,
    SegmentQuery,
    TrainingLine,
)


class OneAfterAnother(CursorPagination):
    ordering = ("-id",)
    page_size = 100


class NewestSampleFirst(CursorPagination):
    ordering = ("-imported_at", "-id")
    page_size = 20


class NewestAlarmFirst(CursorPagination):
    ordering = ("-raised_at", "-id")
    page_size = 50


class NewestFactFirst(CursorPagination):
    ordering = ("-happened_at", "-id")
    page_size = 100


class SegmentsView(ListAPIView[SegmentFinding]):
    """The segments of the active refresh that you may see."""

    serializer_class: Any = SegmentFacts
    pagination_class = OneAfterAnother

    @extend_schema(operation_id="reliability_segments", parameters=[SegmentQuery])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[SegmentFinding]:
        user = _person(self.request, Permission.VIEW_RELIABILITY)
        asked = SegmentQuery(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        refresh = active_refresh(user.tenant_id)
        if refresh is None:
            return SegmentFinding.objects.none()
        visible = segments_visible_to(user, refresh=refresh, places=places_of(user))
        chosen = narrowed(visible, AtlasFilters(**asked.validated_data))
        return chosen.select_related("refresh").defer("refresh__parameters", "refresh__report")


class _Samples(GenericAPIView[FairnessSample]):
    serializer_class: Any = FairnessReportFacts

    def get_queryset(self) -> QuerySet[FairnessSample]:
        if getattr(self, "swagger_fake_view", False):
            return FairnessSample.objects.none()
        return samples_of(_person(self.request, Permission.VIEW_FAIRNESS).tenant_id)


@extend_schema_view(get=extend_schema(operation_id="reliability_fairness_reports"))
class FairnessReportsView(_Samples, ListAPIView[FairnessSample]):
    """Audit samples with their rates by group and verdicts, newest first."""

    pagination_class = NewestSampleFirst


@extend_schema_view(get=extend_schema(operation_id="reliability_fairness_report"))
class FairnessReportView(_Samples, RetrieveAPIView[FairnessSample]):
    """One audit sample with its rates by group and verdicts."""

    lookup_url_kwarg = "sample_id"


@extend_schema_view(get=extend_schema(operation_id="reliability_fairness_alarms"))
class FairnessAlarmsView(ListAPIView[FairnessAlarm]):
    """Alarms of the sequential tests, open and closed."""

    serializer_class: Any = FairnessAlarmFacts
    pagination_class = NewestAlarmFirst

    def get_queryset(self) -> QuerySet[FairnessAlarm]:
        if getattr(self, "swagger_fake_view", False):
            return FairnessAlarm.objects.none()
        return alarms_of(_person(self.request, Permission.VIEW_FAIRNESS).tenant_id)


class FairnessAlarmClosingView(APIView):
    """Closing an alarm."""

    @extend_schema(
        operation_id="reliability_fairness_alarm_close",
        summary="Close an alarm with a reason",
        request=AlarmClosing,
        responses={
            200: FairnessAlarmFacts,
            409: OpenApiResponse(description="Somebody closed it before."),
        },
    )
    def post(self, request: Request, alarm_id: UUID) -> Response:
        user = _person(request, Permission.MANAGE_FAIRNESS)
        if not FairnessAlarm.objects.filter(id=alarm_id, tenant_id=user.tenant_id).exists():
            raise NotFound
        closing = AlarmClosing(data=request.data)
        closing.is_valid(raise_exception=True)
        try:
            alarm = close_fairness_alarm(
                actor=actor_of(request),
                tenant_id=user.tenant_id,
                alarm_id=alarm_id,
                reason=closing.validated_data["reason"],
                now=timezone.now(),
            )
        except UnableToCloseAlarm as refusal:
            return Response({"detail": str(refusal), "code": "closed_before"}, status=409)
        return Response(FairnessAlarmFacts(alarm).data)


class RetrainingView(APIView):
    """The retraining queue."""

    @extend_schema(
        operation_id="reliability_retraining",
        summary="List likely false positives you may see, newest first",
        parameters=[RetrainingChoice],
        responses={200: TrainingLine(many=True)},
    )
    def get(self, request: Request) -> Response:
        user = _person(request, Permission.VIEW_RELIABILITY)
        filters, _ = _choice(request.query_params)
        facts = retraining_facts(user, filters=filters, places=places_of(user))
        paginator = NewestFactFirst()
        page: list[AlertFact] = paginator.paginate_queryset(facts, request, view=self) or []
        return paginator.get_paginated_response([export_line(fact) for fact in page])


class RetrainingExportView(APIView):
    """Handing them to whoever retrains a detector."""

    @extend_schema(
        operation_id="reliability_retraining_export",
        summary="Export likely false positives as NDJSON; the export is recorded",
        request=RetrainingChoice,
        responses={(200, "application/x-ndjson"): OpenApiTypes.STR},
    )
    def post(self, request: Request) -> HttpResponse:
        user = _person(request, Permission.EXPORT_TRAINING)
        filters, chosen = _choice(request.data)
        try:
            export = export_training(
                actor=actor_of(request), user=user, filters=filters, chosen=chosen
            )
        except UnableToExport as refusal:
            raise ValidationError({"detail": str(refusal)}) from refusal
        return HttpResponse(export.content, content_type="application/x-ndjson")


def _choice(data: Any) -> tuple[RetrainingFilters, list[UUID] | None]:
    asked = RetrainingChoice(data=data)
    asked.is_valid(raise_exception=True)
    values = dict(asked.validated_data)
    chosen = values.pop("facts", None)
    if "basis" in values:
        values["basis"] = Basis(values["basis"])
    return RetrainingFilters(**values), chosen


def _person(request: Any, permission: Permission) -> User:
    user = request.user
    if not isinstance(user, User) or not user.may(permission):
        raise PermissionDenied("This is not part of your role.")
    return user
