"""Interventions through the API: the same lists, operations, refusals and events as on the screen."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
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
from apps.alerts.queries import alerts_visible_to
from apps.reviews.intervention_forms import InterventionFilterForm
from apps.reviews.intervention_queries import (
    entries_of,
    find_interventions,
    interventions_visible_to,
)
from apps.reviews.models import (
    Intervention,
    InterventionEntry,
    InterventionKind,
    InterventionOutcome,
)
from apps.reviews.operations import (
    UnableToIntervene,
    note_intervention_view,
    record_complaint,
    record_intervention,
    record_outcome,
    settle_complaint,
)
from apps.reviews.operations.interventions import LARGEST_COST, LONGEST_REASON, SHORTEST_REASON
from apps.reviews.serializers import RefusalSerializer

_REFUSALS = {403: RefusalSerializer, 409: RefusalSerializer}


class InterventionData(serializers.Serializer[Intervention]):
    """An intervention as it stands. `settled_cost` is in `currency`."""

    id = serializers.UUIDField()
    reference = serializers.CharField()
    alert = serializers.UUIDField(source="alert_id")
    site = serializers.UUIDField(source="alert.site_id")
    kind = serializers.ChoiceField(choices=InterventionKind.choices)
    authorised_by = serializers.UUIDField()
    authorised_at = serializers.DateTimeField()
    outcome = serializers.ChoiceField(choices=InterventionOutcome.choices)
    outcome_at = serializers.DateTimeField(allow_null=True)
    complaint_at = serializers.DateTimeField(allow_null=True)
    settled_at = serializers.DateTimeField(allow_null=True)
    settled_cost = serializers.DecimalField(max_digits=12, decimal_places=2, allow_null=True)
    currency = serializers.CharField()


class InterventionEntryData(serializers.Serializer[InterventionEntry]):
    """One entry; the one no other supersedes stands."""

    id = serializers.UUIDField()
    step = serializers.CharField()
    outcome = serializers.CharField()
    cost = serializers.DecimalField(max_digits=12, decimal_places=2, allow_null=True)
    currency = serializers.CharField()
    reason = serializers.CharField()
    recorded_by = serializers.UUIDField(allow_null=True)
    recorded_at = serializers.DateTimeField()
    supersedes = serializers.UUIDField(source="supersedes_id", allow_null=True)


class InterventionDetail(InterventionData):
    entries = serializers.SerializerMethodField()

    def get_entries(self, found: Intervention) -> list[dict[str, Any]]:
        return [InterventionEntryData(entry).data for entry in entries_of(found)]


class InterventionStated(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=InterventionKind.choices)


class _EntryStated(serializers.Serializer[Any]):
    """`instead_of` names the entry that is corrected; leave it out for a first one."""

    reason = serializers.CharField(min_length=SHORTEST_REASON, max_length=LONGEST_REASON)
    instead_of = serializers.UUIDField(required=False, allow_null=True, default=None)


class OutcomeStated(_EntryStated):
    outcome = serializers.ChoiceField(choices=InterventionOutcome.choices)


class ComplaintStated(_EntryStated):
    pass


class SettlementStated(_EntryStated):
    """The cost is in the tenant's currency."""

    cost = serializers.DecimalField(
        max_digits=12, decimal_places=2, min_value=0, max_value=LARGEST_COST
    )


class NewestFirst(CursorPagination):
    ordering = ("-authorised_at", "id")
    page_size = 50


def _viewer(request: Request) -> User:
    user = request.user
    assert isinstance(user, User)
    if not user.may(Permission.VIEW_ALERTS):
        raise PermissionDenied("This is not part of your role.")
    return user


def _intervention(request: Request, intervention_id: UUID) -> Intervention:
    """One at the person's sites; nobody learns of another's."""
    user = request.user
    assert isinstance(user, User)
    found = interventions_visible_to(user).filter(id=intervention_id).first()
    if found is None:
        raise Http404
    _viewer(request)
    return found


def _done(work: Callable[[], Intervention], http_status: int) -> Response:
    try:
        made = work()
    except UnableToIntervene as refusal:
        code = "forbidden" if refusal.forbidden else "unable"
        answer = status.HTTP_403_FORBIDDEN if refusal.forbidden else status.HTTP_409_CONFLICT
        return Response({"code": code, "detail": refusal.sentence}, status=answer)
    return Response(InterventionDetail(made).data, status=http_status)


class InterventionsView(ListAPIView[Intervention]):
    """List the interventions at your sites, newest first; filters as on the page, wrong values filter nothing."""

    serializer_class: Any = InterventionData
    pagination_class = NewestFirst

    @extend_schema(
        operation_id="interventions",
        parameters=[
            OpenApiParameter("site", str, description="Id of a site."),
            OpenApiParameter("state", str, enum=["open", "closed"]),
            OpenApiParameter("outcome", str, enum=InterventionOutcome.values),
            OpenApiParameter("complaint", str, enum=["none", "received", "settled"]),
            OpenApiParameter("since", str, description="First day, YYYY-MM-DD."),
            OpenApiParameter("until", str, description="Last day, YYYY-MM-DD."),
        ],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List interventions."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Intervention]:
        if getattr(self, "swagger_fake_view", False):
            return Intervention.objects.none()
        user = _viewer(self.request)
        form = InterventionFilterForm(self.request.query_params, user=user)
        return find_interventions(user, form.filters())


class InterventionView(APIView):
    @extend_schema(operation_id="intervention", responses={200: InterventionDetail})
    def get(self, request: Request, intervention_id: UUID) -> Response:
        """One intervention with everything recorded of it. Looking is recorded."""
        found = _intervention(request, intervention_id)
        note_intervention_view(actor=actor_of(request._request), intervention=found)
        return Response(InterventionDetail(found).data)


class AlertInterventionsView(APIView):
    @extend_schema(
        operation_id="intervention_authorise",
        request=InterventionStated,
        responses={201: InterventionDetail, **_REFUSALS},
    )
    def post(self, request: Request, alert_id: UUID) -> Response:
        """Authorise an act on the floor. Approaching and calling the police need a fresh, confirmed theft."""
        user = _viewer(request)
        alert = alerts_visible_to(user).select_related("site").filter(id=alert_id).first()
        if alert is None:
            raise Http404
        body = InterventionStated(data=request.data)
        body.is_valid(raise_exception=True)
        kind = InterventionKind(body.validated_data["kind"])
        actor, now = actor_of(request._request), timezone.now()
        return _done(
            lambda: record_intervention(actor=actor, user=user, alert=alert, kind=kind, now=now),
            status.HTTP_201_CREATED,
        )


class _EntryView(APIView):
    """Adds one entry, or corrects one."""

    stated: type[_EntryStated]
    operation: Callable[..., InterventionEntry]

    def act(self, request: Request, intervention_id: UUID) -> Response:
        found = _intervention(request, intervention_id)
        body = self.stated(data=request.data)
        body.is_valid(raise_exception=True)
        asked = dict(body.validated_data)
        if "outcome" in asked:
            asked["outcome"] = InterventionOutcome(asked["outcome"])

        def work() -> Intervention:
            type(self).operation(
                actor=actor_of(request._request),
                user=request.user,
                intervention=found,
                now=timezone.now(),
                **asked,
            )
            return found

        return _done(work, status.HTTP_200_OK)


class OutcomeView(_EntryView):
    stated = OutcomeStated
    operation = staticmethod(record_outcome)

    @extend_schema(
        operation_id="intervention_outcome",
        request=OutcomeStated,
        responses={200: InterventionDetail, **_REFUSALS},
    )
    def post(self, request: Request, intervention_id: UUID) -> Response:
        """Record how it ended, or correct what was recorded."""
        return self.act(request, intervention_id)


class ComplaintView(_EntryView):
    stated = ComplaintStated
    operation = staticmethod(record_complaint)

    @extend_schema(
        operation_id="intervention_complaint",
        request=ComplaintStated,
        responses={200: InterventionDetail, **_REFUSALS},
    )
    def post(self, request: Request, intervention_id: UUID) -> Response:
        """Record a complaint, or correct its words."""
        return self.act(request, intervention_id)


class SettlementView(_EntryView):
    stated = SettlementStated
    operation = staticmethod(settle_complaint)

    @extend_schema(
        operation_id="intervention_settlement",
        request=SettlementStated,
        responses={200: InterventionDetail, **_REFUSALS},
    )
    def post(self, request: Request, intervention_id: UUID) -> Response:
        """Record how a complaint was settled and what it cost, or correct that."""
        return self.act(request, intervention_id)
