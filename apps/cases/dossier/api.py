"""The records of alerts over HTTP: the list, one record as JSON, having its PDF rendered."""

from datetime import datetime
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import ListAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.cases.dossier.operations import record_read
from apps.cases.dossier.record import dossier_record, record_json
from apps.cases.dossier.requests import request_dossier
from apps.cases.dossier.standing import alerts_with_records
from apps.sites.queries import allows, sites_visible_to


class DossierRow(serializers.ModelSerializer[Alert]):
    """An alert that left analysis, and when its newest PDF was made (null: not rendered yet)."""

    reference = serializers.CharField(read_only=True)
    site = serializers.CharField(source="site.name", read_only=True)
    rendered_at = serializers.SerializerMethodField()

    class Meta:
        model = Alert
        fields = ["id", "reference", "site", "state", "received_at", "rendered_at"]
        read_only_fields = fields

    @extend_schema_field(OpenApiTypes.DATETIME)
    def get_rendered_at(self, alert: Alert) -> datetime | None:
        found: datetime | None = getattr(alert, "dossier_at", None)
        return found


class NewestFirst(CursorPagination):
    ordering = ("-received_at", "-id")
    page_size = 50


class DossiersView(ListAPIView[Alert]):
    """List the records you may see, newest alert first."""

    serializer_class = DossierRow
    pagination_class = NewestFirst

    def get_queryset(self):  # type: ignore[no-untyped-def]  # annotated rows have no nameable type
        if getattr(self, "swagger_fake_view", False):
            return Alert.objects.none()
        user = self.request.user
        assert isinstance(user, User)
        if not user.may(Permission.VIEW_EVIDENCE):
            raise PermissionDenied("Records are not part of your role.")
        return alerts_with_records(user)


class RecordView(APIView):
    @extend_schema(operation_id="alert_record", responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request, alert_id: UUID) -> Response:
        """The record of an alert as of now, section by section; reading it is recorded."""
        alert = _alert_for(request, alert_id)
        record_read(actor=actor_of(request._request), alert=alert, form="json")
        return Response(record_json(dossier_record(alert=alert, now=timezone.now())))


class DossierView(APIView):
    @extend_schema(
        operation_id="render_dossier", request=None, responses={202: OpenApiTypes.OBJECT}
    )
    def post(self, request: Request, alert_id: UUID) -> Response:
        """Have the PDF of an alert's record rendered as of now; a worker does it."""
        alert = _alert_for(request, alert_id)
        request_dossier(actor=actor_of(request._request), alert=alert)
        return Response({"alert": str(alert.id), "asked": True}, status=status.HTTP_202_ACCEPTED)


def _alert_for(request: Request, alert_id: UUID) -> Alert:
    user = request.user
    assert isinstance(user, User)
    visible = Alert.objects.filter(tenant_id=user.tenant_id, site__in=sites_visible_to(user))
    found = visible.select_related("site", "camera", "clip").filter(id=alert_id).first()
    if found is None:
        raise Http404
    if not allows(user, Permission.VIEW_EVIDENCE, found.site_id):
        raise PermissionDenied("Records of this site are not part of your role.")
    if found.hides_proposal and user.may(Permission.DECIDE):
        raise PermissionDenied("What the machine concluded is shown after a person has judged.")
    return found
