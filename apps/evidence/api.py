"""Evidence through the API: the same operations as on the screen, with the same refusals."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import ListAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import authenticated_recently
from apps.audit.events import Event, Subject
from apps.audit.operations import record
from apps.evidence.models import EvidenceItem, Hold, RetentionRules
from apps.evidence.operations.checks import check_items
from apps.evidence.operations.holds import UnableToHold, place_hold, release_hold
from apps.evidence.operations.periods import UnableToSetPeriods, activate_periods, draft_periods
from apps.evidence.queries.holds import holds_visible_to
from apps.evidence.queries.items import custody_of, items_visible_to
from apps.evidence.queries.retention import active_rules
from apps.evidence.queries.shown import latest_runs, standing_shown, try_retention
from apps.evidence.serializers import (
    CheckData,
    EvidenceData,
    EvidenceDetail,
    HoldData,
    HoldStated,
    PeriodsStated,
    ReasonStated,
    RetentionData,
    TrialData,
    VersionData,
)
from apps.sites.queries import sites_visible_to

_STALE = "Prove who you are first: sign in again, this needs a sign-in of the last five minutes."


class NewestFirst(CursorPagination):
    ordering = ("-acquired_at", "-id")
    page_size = 50


class NewestHoldFirst(CursorPagination):
    ordering = ("-placed_at", "-id")
    page_size = 50


def _user(request: Request, permission: Permission) -> User:
    user = request.user
    assert isinstance(user, User)
    if not user.may(permission):
        raise PermissionDenied("This is not part of your role.")
    return user


def _item(request: Request, item_id: UUID) -> EvidenceItem:
    user = request.user
    assert isinstance(user, User)
    item = items_visible_to(user).filter(id=item_id).first()
    if item is None:
        raise Http404
    _user(request, Permission.VIEW_EVIDENCE)
    return item


class EvidenceListView(ListAPIView[EvidenceItem]):
    """List the evidence of your sites, newest first."""

    serializer_class: Any = EvidenceData
    pagination_class = NewestFirst

    def get_queryset(self) -> QuerySet[EvidenceItem]:
        if getattr(self, "swagger_fake_view", False):
            return EvidenceItem.objects.none()
        return items_visible_to(_user(self.request, Permission.VIEW_EVIDENCE))


class EvidenceView(APIView):
    @extend_schema(operation_id="evidence_item", responses={200: EvidenceDetail})
    def get(self, request: Request, item_id: UUID) -> Response:
        """One file: digests, custody, and when it is deleted because of what. Not its bytes."""
        item = _item(request, item_id)
        record(
            actor=actor_of(request._request),
            event=Event.EVIDENCE_VIEWED,
            subject=Subject("evidence_item", item.id),
            details={"part": "record"},
        )
        item.standing = standing_shown(item)  # type: ignore[attr-defined]
        item.custody = list(custody_of(item))  # type: ignore[attr-defined]
        return Response(EvidenceDetail(item).data)


class EvidenceCheckView(APIView):
    @extend_schema(operation_id="check_evidence", request=None, responses={200: CheckData})
    def post(self, request: Request, item_id: UUID) -> Response:
        """Read the bytes again now and compare them with the digests."""
        item = _item(request, item_id)
        found = check_items(
            tenant_id=item.tenant_id,
            item_ids=[item.id],
            now=timezone.now(),
            actor=actor_of(request._request),
        )
        item.refresh_from_db()
        outcome = item.check_outcome if found.checked else "unread"
        return Response({"outcome": outcome})


class HoldsView(ListAPIView[Hold]):
    """List the holds at your sites, released ones too, newest first."""

    serializer_class: Any = HoldData
    pagination_class = NewestHoldFirst

    def get_queryset(self) -> QuerySet[Hold]:
        if getattr(self, "swagger_fake_view", False):
            return Hold.objects.none()
        return holds_visible_to(_user(self.request, Permission.VIEW_EVIDENCE))

    @extend_schema(operation_id="place_hold", request=HoldStated, responses={201: HoldData})
    def post(self, request: Request) -> Response:
        """Hold a file, everything of an alert, or everything of a case."""
        asked = HoldStated(data=request.data)
        asked.is_valid(raise_exception=True)
        stated = dict(asked.validated_data)
        reason = stated.pop("reason")
        [(thing, thing_id)] = stated.items()
        _require_visible(request, thing, thing_id)
        user = _user(request, Permission.HOLD_EVIDENCE)
        targets: dict[str, Any] = {f"{thing}_ids": [thing_id]}
        try:
            [hold] = place_hold(
                actor=actor_of(request._request), reason=reason, now=timezone.now(), **targets
            )
        except UnableToHold as refusal:
            return Response({"detail": str(refusal)}, status=status.HTTP_409_CONFLICT)
        assert hold.tenant_id == user.tenant_id
        return Response(HoldData(hold).data, status=status.HTTP_201_CREATED)


def _require_visible(request: Request, thing: str, thing_id: UUID) -> None:
    """404 unless the thing has a file at a site of the person."""
    user = request.user
    assert isinstance(user, User)
    column = {"item": "id", "alert": "alert_id", "case": "alert__incident__case_id"}[thing]
    items = EvidenceItem.objects.filter(alert__site__in=sites_visible_to(user))
    if not items.filter(**{column: thing_id}).exists():
        raise Http404


class HoldReleaseView(APIView):
    @extend_schema(operation_id="release_hold", request=ReasonStated, responses={200: HoldData})
    def post(self, request: Request, hold_id: UUID) -> Response:
        """Release one hold. Needs a sign-in of the last five minutes."""
        user = request.user
        assert isinstance(user, User)
        hold = holds_visible_to(user).filter(id=hold_id).first()
        if hold is None:
            raise Http404
        _user(request, Permission.HOLD_EVIDENCE)
        asked = ReasonStated(data=request.data)
        asked.is_valid(raise_exception=True)
        if not authenticated_recently(request._request):
            raise PermissionDenied(_STALE)
        try:
            hold = release_hold(
                actor=actor_of(request._request),
                hold=hold,
                reason=asked.validated_data["reason"],
                now=timezone.now(),
            )
        except UnableToHold as refusal:
            return Response({"detail": str(refusal)}, status=status.HTTP_409_CONFLICT)
        return Response(HoldData(hold).data)


class RetentionView(APIView):
    @extend_schema(operation_id="retention", responses={200: RetentionData})
    def get(self, request: Request) -> Response:
        """The periods in force, the versions and the last runs."""
        user = _user(request, Permission.MANAGE_RETENTION)
        rules = active_rules(user.tenant_id)
        shown = {
            "number": rules.number,
            "days": {category.value: days for category, days in rules.days.items()},
            "versions": RetentionRules.objects.filter(tenant_id=user.tenant_id)[:50],
            "runs": latest_runs(user.tenant_id, limit=50),
        }
        return Response(RetentionData(shown).data)

    @extend_schema(
        operation_id="draft_retention", request=PeriodsStated, responses={201: VersionData}
    )
    def post(self, request: Request) -> Response:
        """Draft a version of the periods; it does nothing until it is activated."""
        _user(request, Permission.MANAGE_RETENTION)
        asked = PeriodsStated(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            version = draft_periods(
                actor=actor_of(request._request), now=timezone.now(), **asked.validated_data
            )
        except UnableToSetPeriods as refusal:
            return Response({"detail": str(refusal)}, status=status.HTTP_409_CONFLICT)
        return Response(VersionData(version).data, status=status.HTTP_201_CREATED)


class RetentionActivateView(APIView):
    @extend_schema(operation_id="activate_retention", request=None, responses={200: VersionData})
    def post(self, request: Request, version_id: UUID) -> Response:
        """Put a drafted version in force. Needs a sign-in of the last five minutes."""
        user = _user(request, Permission.MANAGE_RETENTION)
        rows = RetentionRules.objects.filter(tenant_id=user.tenant_id)
        version = rows.filter(id=version_id).first()
        if version is None:
            raise Http404
        if not authenticated_recently(request._request):
            raise PermissionDenied(_STALE)
        try:
            activate_periods(actor=actor_of(request._request), version=version, now=timezone.now())
        except UnableToSetPeriods as refusal:
            return Response({"detail": str(refusal)}, status=status.HTTP_409_CONFLICT)
        return Response(VersionData(version).data)


class RetentionTrialView(APIView):
    @extend_schema(operation_id="try_retention", responses={200: TrialData})
    def get(self, request: Request) -> Response:
        """What a run would delete now, and why not the rest. Nothing is changed."""
        user = _user(request, Permission.MANAGE_RETENTION)
        trial = try_retention(user.tenant_id, now=timezone.now())
        record(
            actor=actor_of(request._request),
            event=Event.RETENTION_TRIED,
            subject=Subject("tenant", user.tenant_id),
            details={"due": trial.due_count, "kept": trial.kept_count},
        )
        return Response(TrialData(trial).data)
