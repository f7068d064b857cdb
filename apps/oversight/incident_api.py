"""Incidents of the system through the API: the same operations as on the screen, with the same refusals."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import GenericAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.alerts.queries import alerts_visible_to
from apps.audit.events import Event, Subject
from apps.audit.operations import record
from apps.oversight.api_access import RefusalInWords, asking, refused
from apps.oversight.models import Seriousness, SystemIncident
from apps.oversight.operations.incidents import (
    LONGEST,
    MOST_ALERTS,
    IncidentReport,
    UnableToReport,
    close_incident,
    note_authority_told,
    report_incident,
)
from apps.oversight.queries.incidents import incidents_visible_to


class NewestReports(CursorPagination):
    ordering = ("-reported_at", "-id")
    page_size = 50


class IncidentStated(serializers.Serializer[object]):
    what = serializers.CharField(min_length=10, max_length=LONGEST)
    seriousness = serializers.ChoiceField(choices=Seriousness.choices)
    aware_at = serializers.DateTimeField(help_text="When the organisation became aware.")
    alerts = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=MOST_ALERTS
    )


class AuthorityStated(serializers.Serializer[object]):
    whom = serializers.CharField(max_length=300)


class FindingsStated(serializers.Serializer[object]):
    findings = serializers.CharField(min_length=10, max_length=LONGEST)


class SystemIncidentData(serializers.ModelSerializer[SystemIncident]):
    """An incident of the system. `due_at`: the end of its term, null without one; `frozen`: digests of that day."""

    reference = serializers.CharField(read_only=True)

    class Meta:
        model = SystemIncident
        fields = [
            "id",
            "reference",
            "state",
            "seriousness",
            "what",
            "alert_ids",
            "hold_ids",
            "frozen",
            "aware_at",
            "due_at",
            "reported_by",
            "reported_at",
            "notified_at",
            "notified_whom",
            "findings",
            "closed_by",
            "closed_at",
        ]
        read_only_fields = fields


class SystemIncidentsView(GenericAPIView[SystemIncident]):
    """Incidents of the system: all for those who handle them, one's own reports for others."""

    serializer_class: Any = SystemIncidentData
    pagination_class = NewestReports

    def get_queryset(self) -> QuerySet[SystemIncident]:
        if getattr(self, "swagger_fake_view", False):
            return SystemIncident.objects.none()
        return incidents_visible_to(asking(self.request, Permission.VIEW_OVERSIGHT))

    @extend_schema(operation_id="system_incidents", responses={200: SystemIncidentData(many=True)})
    def get(self, request: Request) -> Response:
        """List them, the newest first."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="report_system_incident",
        request=IncidentStated,
        responses={201: SystemIncidentData, 409: RefusalInWords},
    )
    def post(self, request: Request) -> Response:
        """Report one: everything of its alerts is put on hold, its clock starts."""
        user = asking(request, Permission.REPORT_SYSTEM_INCIDENT)
        asked = IncidentStated(data=request.data)
        asked.is_valid(raise_exception=True)
        stated = asked.validated_data
        try:
            made = report_incident(
                actor=actor_of(request._request),
                user=user,
                report=IncidentReport(
                    what=stated["what"],
                    seriousness=Seriousness(stated["seriousness"]),
                    aware_at=stated["aware_at"],
                    alerts=_alerts(user, stated["alerts"]),
                ),
                now=timezone.now(),
            )
        except (UnableToReport, ValueError) as refusal:
            return refused(refusal)
        return Response(SystemIncidentData(made).data, status=status.HTTP_201_CREATED)


class SystemIncidentView(APIView):
    @extend_schema(operation_id="system_incident", responses={200: SystemIncidentData})
    def get(self, request: Request, incident_id: UUID) -> Response:
        """One incident; looking at it is recorded."""
        _, found = _found(request, incident_id, Permission.VIEW_OVERSIGHT)
        with transaction.atomic():
            record(
                actor=actor_of(request._request),
                event=Event.SYSTEM_INCIDENT_VIEWED,
                subject=Subject("system_incident", found.id),
            )
        return Response(SystemIncidentData(found).data)


class AuthorityToldView(APIView):
    @extend_schema(
        operation_id="system_incident_told",
        request=AuthorityStated,
        responses={200: SystemIncidentData, 409: RefusalInWords},
    )
    def post(self, request: Request, incident_id: UUID) -> Response:
        """Write down that an authority was told; the clock stops."""
        _, found = _found(request, incident_id, Permission.MANAGE_OVERSIGHT)
        asked = AuthorityStated(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            note_authority_told(
                actor=actor_of(request._request),
                incident=found,
                whom=asked.validated_data["whom"],
                now=timezone.now(),
            )
        except UnableToReport as refusal:
            return refused(refusal)
        found.refresh_from_db()
        return Response(SystemIncidentData(found).data)


class IncidentClosingView(APIView):
    @extend_schema(
        operation_id="close_system_incident",
        request=FindingsStated,
        responses={200: SystemIncidentData, 409: RefusalInWords},
    )
    def post(self, request: Request, incident_id: UUID) -> Response:
        """Close it with what was found. Holds stay until a person releases them."""
        user, found = _found(request, incident_id, Permission.MANAGE_OVERSIGHT)
        asked = FindingsStated(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            close_incident(
                actor=actor_of(request._request),
                user=user,
                incident=found,
                findings=asked.validated_data["findings"],
                now=timezone.now(),
            )
        except UnableToReport as refusal:
            return refused(refusal)
        found.refresh_from_db()
        return Response(SystemIncidentData(found).data)


def _found(
    request: Request, incident_id: UUID, permission: Permission
) -> tuple[User, SystemIncident]:
    user = asking(request, permission)
    return user, get_object_or_404(incidents_visible_to(user), id=incident_id)


def _alerts(user: User, ids: list[UUID]) -> list[Alert]:
    found = list(alerts_visible_to(user).filter(id__in=ids))
    if len(found) != len(set(ids)):
        raise UnableToReport("One of these alerts is not known where you work.")
    return found
