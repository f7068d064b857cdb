"""The audit chain for other systems: reading events, and having the chain verified."""

from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.audit.checks import UnableToCheck, ask_for_check
from apps.audit.models import ChainCheck
from apps.audit.queries import AuditEvent, find_events, latest_checks
from apps.console.audit_explorer import PAGE_ROWS, AuditFilterForm

UTC = ZoneInfo("UTC")


class Conflict(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "check_under_way"


class AuditEventData(serializers.Serializer[AuditEvent]):
    """One event of the chain. Digests are SHA-256 of canonical JSON; `details` holds ids, codes and numbers."""

    index = serializers.IntegerField()
    event_id = serializers.UUIDField()
    occurred_at = serializers.DateTimeField()
    actor = serializers.CharField(help_text="Opaque id of the person; empty for machines.")
    role = serializers.CharField()
    channel = serializers.CharField()
    event = serializers.CharField()
    subject_kind = serializers.CharField(source="subject.kind")
    subject_id = serializers.CharField(source="subject.id")
    before_digest = serializers.CharField()
    after_digest = serializers.CharField()
    reason = serializers.CharField(help_text="What the person wrote; empty once erased.")
    details = serializers.DictField()


class AuditPage(serializers.Serializer[Any]):
    events = AuditEventData(many=True)
    next_before = serializers.IntegerField(allow_null=True)


class ChainCheckData(serializers.ModelSerializer[ChainCheck]):
    """A verification: `holds`, or `broken` with the first bad entries named."""

    class Meta:
        model = ChainCheck
        fields = [
            *("id", "state", "asked_at", "started_at", "ended_at"),
            *("entries", "checkpoints", "lost_reasons", "problems", "note"),
        ]


class _Auditor(APIView):
    def viewer(self) -> User:
        user = self.request.user
        assert isinstance(user, User)
        if not user.may(Permission.VIEW_AUDIT):
            raise PermissionDenied("The audit chain is not part of your role.")
        return user


class AuditEventsView(_Auditor):
    """Read the chain of your tenant, newest first; go on with `before=<next_before>`."""

    @extend_schema(
        operation_id="audit_events",
        parameters=[
            OpenApiParameter(
                "event", str, description="An event (alert:viewed) or a kind (alert)."
            ),
            OpenApiParameter("actor", OpenApiTypes.UUID),
            OpenApiParameter("channel", str),
            OpenApiParameter("kind", str, description="Kind of the subject: alert, case, …"),
            OpenApiParameter("subject", str, description="Id of the subject."),
            OpenApiParameter("since", OpenApiTypes.DATE, description="First day, UTC."),
            OpenApiParameter("until", OpenApiTypes.DATE, description="Last day, UTC."),
            OpenApiParameter("before", int, description="Only entries below this place."),
        ],
        responses=AuditPage,
    )
    def get(self, request: Request) -> Response:
        user, form = self.viewer(), AuditFilterForm(request.query_params)
        found = find_events(
            tenant_id=user.tenant_id,
            filters=form.filters(zone=UTC),
            before=form.below,
            limit=PAGE_ROWS + 1,
        )
        shown = found[:PAGE_ROWS]
        more = shown[-1].index if len(found) > PAGE_ROWS else None
        return Response(AuditPage({"events": shown, "next_before": more}).data)


class AuditChecksView(_Auditor):
    """Have the whole chain verified in the background, and read the last results."""

    @extend_schema(operation_id="audit_checks", responses=ChainCheckData(many=True))
    def get(self, request: Request) -> Response:
        checks = latest_checks(tenant_id=self.viewer().tenant_id)
        return Response(ChainCheckData(checks, many=True).data)

    @extend_schema(
        operation_id="audit_check_ask", request=None, responses={202: ChainCheckData, 409: None}
    )
    def post(self, request: Request) -> Response:
        self.viewer()
        try:
            check = ask_for_check(actor=actor_of(request), now=timezone.now())
        except UnableToCheck as refusal:
            raise Conflict(str(refusal)) from refusal
        return Response(ChainCheckData(check).data, status=status.HTTP_202_ACCEPTED)
