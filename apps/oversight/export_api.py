"""Archives for an auditor through the API: asked for, followed, fetched."""

from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

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
from apps.accounts.permissions import Permission
from apps.oversight.api_access import RefusalInWords, asking, refused, require_fresh_sign_in
from apps.oversight.models import ExportKind, RecordsExport
from apps.oversight.operations.exporting import (
    UnableToExport,
    ask_again,
    ask_for_records,
    ask_for_techdoc,
    fetch_address,
)

ADDRESS_SECONDS: Final = 60


class NewestExports(CursorPagination):
    ordering = ("-requested_at", "-id")
    page_size = 50


class ExportStated(serializers.Serializer[object]):
    kind = serializers.ChoiceField(choices=ExportKind.choices)
    since = serializers.DateField(required=False, help_text="Records: the first day, UTC.")
    until = serializers.DateField(required=False, help_text="Records: the last day, UTC.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["kind"] == ExportKind.RECORDS and not {"since", "until"} <= attrs.keys():
            raise serializers.ValidationError("Say since and until for records of a period.")
        return attrs


class ExportData(serializers.ModelSerializer[RecordsExport]):
    """An archive. `counts`: records by kind, once it is ready; `failed_reason` says why it is not."""

    class Meta:
        model = RecordsExport
        fields = [
            "id",
            "kind",
            "state",
            "from_at",
            "to_at",
            "requested_by",
            "requested_at",
            "parts_done",
            "parts_total",
            "counts",
            "size_bytes",
            "sha256",
            "failed_reason",
            "finished_at",
        ]
        read_only_fields = fields


class ExportAddress(serializers.Serializer[object]):
    address = serializers.URLField(help_text="Of this one archive.")
    seconds = serializers.IntegerField(help_text="How long the address works.")
    sha256 = serializers.CharField()


class ExportsView(GenericAPIView[RecordsExport]):
    """Archives of records, and technical files."""

    serializer_class: Any = ExportData
    pagination_class = NewestExports

    def get_queryset(self) -> QuerySet[RecordsExport]:
        if getattr(self, "swagger_fake_view", False):
            return RecordsExport.objects.none()
        user = asking(self.request, Permission.EXPORT_RECORDS)
        return RecordsExport.objects.filter(tenant_id=user.tenant_id)

    @extend_schema(operation_id="records_exports", responses={200: ExportData(many=True)})
    def get(self, request: Request) -> Response:
        """List them, the newest first."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="ask_for_records_export",
        request=ExportStated,
        responses={202: ExportData, 409: RefusalInWords},
    )
    def post(self, request: Request) -> Response:
        """Ask for one; it is written in the background."""
        user = asking(request, Permission.EXPORT_RECORDS)
        asked = ExportStated(data=request.data)
        asked.is_valid(raise_exception=True)
        actor, now = actor_of(request._request), timezone.now()
        try:
            if asked.validated_data["kind"] == ExportKind.TECHDOC:
                made = ask_for_techdoc(actor=actor, user=user, now=now)
            else:
                days = [asked.validated_data[name] for name in ("since", "until")]
                since, last = (datetime.combine(day, time(), tzinfo=UTC) for day in days)
                until = last + timedelta(days=1)
                made = ask_for_records(actor=actor, user=user, since=since, until=until, now=now)
        except UnableToExport as refusal:
            return refused(refusal)
        return Response(ExportData(made).data, status=status.HTTP_202_ACCEPTED)


class ExportView(APIView):
    @extend_schema(operation_id="records_export", responses={200: ExportData})
    def get(self, request: Request, export_id: UUID) -> Response:
        """How far one is."""
        return Response(ExportData(_found(request, export_id)).data)


class ExportAgainView(APIView):
    @extend_schema(
        operation_id="records_export_again",
        request=None,
        responses={202: ExportData, 409: RefusalInWords},
    )
    def post(self, request: Request, export_id: UUID) -> Response:
        """Have a failed one written again."""
        found = _found(request, export_id)
        try:
            ask_again(actor=actor_of(request._request), export=found)
        except UnableToExport as refusal:
            return refused(refusal)
        found.refresh_from_db()
        return Response(ExportData(found).data, status=status.HTTP_202_ACCEPTED)


class ExportFetchView(APIView):
    @extend_schema(
        operation_id="fetch_records_export",
        request=None,
        responses={200: ExportAddress, 409: RefusalInWords},
    )
    def post(self, request: Request, export_id: UUID) -> Response:
        """An address of the archive that works for a minute. Needs a sign-in of the last five minutes; it is recorded."""
        found = _found(request, export_id)
        require_fresh_sign_in(request)
        try:
            address = fetch_address(
                actor=actor_of(request._request), export=found, seconds=ADDRESS_SECONDS
            )
        except UnableToExport as refusal:
            return refused(refusal)
        body = {"address": address, "seconds": ADDRESS_SECONDS, "sha256": found.sha256}
        return Response(body)


def _found(request: Request, export_id: UUID) -> RecordsExport:
    user = asking(request, Permission.EXPORT_RECORDS)
    return get_object_or_404(RecordsExport, id=export_id, tenant_id=user.tenant_id)
