"""Versions and backtests through the API: the same operations, permissions and records as on the screen."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import authenticated_recently
from apps.reliability.models import Backtest, CostModelVersion, TriagePolicyVersion
from apps.reliability.operations import (
    UnableToActivate,
    UnableToBacktest,
    UnableToDraft,
    activate_version,
    draft_version,
    request_backtest,
)
from apps.reliability.policy_serializers import (
    ActivateSerializer,
    BacktestDetailSerializer,
    BacktestRequestSerializer,
    BacktestSerializer,
    DraftSerializer,
    PolicyRefusalSerializer,
    VersionSerializer,
)
from apps.reliability.queries.versions import VALUES, AnyVersion, VersionKind, versions_of
from apps.triage.decoding import UnableToDecode, decode

_KIND = OpenApiParameter(
    "kind", OpenApiTypes.STR, OpenApiParameter.PATH, enum=[kind.value for kind in VersionKind]
)


class NewestFirst(CursorPagination):
    ordering = ("-created_at", "-id")
    page_size = 50


class _Policy(GenericAPIView[Any]):
    """Whoever may draft what triage rests on; others get 403."""

    pagination_class = NewestFirst

    def keeper(self, permission: Permission = Permission.MANAGE_POLICY) -> User:
        user = self.request.user
        assert isinstance(user, User)
        if not user.may(permission):
            raise PermissionDenied("Policy is not part of your role.")
        return user

    def page_of(self, rows: Any, serializer: Any) -> Response:
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(serializer(page, many=True).data)


class Versions(_Policy):
    @extend_schema(
        operation_id="version_list",
        parameters=[_KIND],
        responses={200: VersionSerializer(many=True), 403: PolicyRefusalSerializer},
    )
    def get(self, request: Request, kind: VersionKind) -> Response:
        """Every version of a kind, newest first: the active ones, earlier ones and drafts."""
        user = self.keeper()
        return self.page_of(versions_of(kind, tenant_id=user.tenant_id), VersionSerializer)

    @extend_schema(
        operation_id="version_draft",
        parameters=[_KIND],
        request=DraftSerializer,
        responses={
            201: VersionSerializer,
            400: PolicyRefusalSerializer,
            403: PolicyRefusalSerializer,
            422: PolicyRefusalSerializer,
        },
    )
    def post(self, request: Request, kind: VersionKind) -> Response:
        """Store a draft. It decides nothing until it is activated."""
        user = self.keeper()
        body = DraftSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        try:
            value = decode(VALUES[kind], data["parameters"] | {"version": "draft"})
            made = draft_version(
                actor=actor_of(request._request),
                user=user,
                value=value,
                detector_id=data["detector_id"],
                note=data["note"],
                now=timezone.now(),
            )
        except UnableToDecode as fault:
            raise ValidationError({"parameters": [str(fault)]}) from fault
        except UnableToDraft as refusal:
            return _refused(refusal, status.HTTP_422_UNPROCESSABLE_ENTITY)
        return Response(VersionSerializer(made).data, status=status.HTTP_201_CREATED)


class Version(_Policy):
    @extend_schema(
        operation_id="version_read",
        parameters=[_KIND],
        responses={200: VersionSerializer, 403: PolicyRefusalSerializer},
    )
    def get(self, request: Request, kind: VersionKind, version_id: UUID) -> Response:
        """One version."""
        return Response(VersionSerializer(_version(self.keeper(), kind, version_id)).data)


class Activate(_Policy):
    @extend_schema(
        operation_id="version_activate",
        parameters=[_KIND],
        request=ActivateSerializer,
        responses={
            200: VersionSerializer,
            403: PolicyRefusalSerializer,
            409: PolicyRefusalSerializer,
        },
    )
    def post(self, request: Request, kind: VersionKind, version_id: UUID) -> Response:
        """Judge new alerts by this version from now on. Only an administrator, signed in within the last minutes."""
        user = self.keeper()
        found = _version(user, kind, version_id)
        self.keeper(Permission.ACTIVATE_POLICY)
        if not authenticated_recently(request._request):
            raise PermissionDenied("Confirm who you are first.")
        body = ActivateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            activated = activate_version(
                actor=actor_of(request._request),
                user=user,
                version=found,
                now=timezone.now(),
                **body.validated_data,
            )
        except UnableToActivate as refusal:
            return _refused(refusal, status.HTTP_409_CONFLICT)
        return Response(VersionSerializer(activated).data)


class Backtests(_Policy):
    @extend_schema(
        operation_id="backtest_list",
        responses={200: BacktestSerializer(many=True), 403: PolicyRefusalSerializer},
    )
    def get(self, request: Request) -> Response:
        """Every backtest, newest first, without its report."""
        user = self.keeper()
        return self.page_of(_backtests(user).defer("result"), BacktestSerializer)

    @extend_schema(
        operation_id="backtest_start",
        request=BacktestRequestSerializer,
        responses={
            202: BacktestSerializer,
            403: PolicyRefusalSerializer,
            422: PolicyRefusalSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        """Put a backtest in the queue; follow it by its id."""
        user = self.keeper()
        body = BacktestRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        try:
            made = request_backtest(
                actor=actor_of(request._request),
                user=user,
                period=data["period"],
                cost_model=_draft(CostModelVersion, user, data["cost_model"]),
                triage_policy=_draft(TriagePolicyVersion, user, data["triage_policy"]),
                now=timezone.now(),
            )
        except UnableToBacktest as refusal:
            return _refused(refusal, status.HTTP_422_UNPROCESSABLE_ENTITY)
        return Response(BacktestSerializer(made).data, status=status.HTTP_202_ACCEPTED)


class BacktestView(_Policy):
    @extend_schema(
        operation_id="backtest_read",
        responses={200: BacktestDetailSerializer, 403: PolicyRefusalSerializer},
    )
    def get(self, request: Request, backtest_id: UUID) -> Response:
        """One backtest: its state, and its report once it is done."""
        found = _backtests(self.keeper()).filter(id=backtest_id).first()
        if found is None:
            raise Http404
        return Response(BacktestDetailSerializer(found).data)


def _version(user: User, kind: VersionKind, version_id: UUID) -> AnyVersion:
    found: AnyVersion | None = (
        versions_of(kind, tenant_id=user.tenant_id).filter(id=version_id).first()
    )
    if found is None:
        raise Http404
    return found


def _backtests(user: User) -> Any:
    return Backtest.objects.filter(tenant_id=user.tenant_id)


def _draft(model: Any, user: User, wanted: UUID | None) -> Any:
    if wanted is None:
        return None
    found = model.objects.filter(tenant_id=user.tenant_id, id=wanted).first()
    if found is None:
        raise UnableToBacktest("There is no such version.")
    return found


def _refused(refusal: Exception, http_status: int) -> Response:
    return Response({"detail": str(refusal)}, status=http_status)
