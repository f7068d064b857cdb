"""The watchlist API: the same operations, permissions and records as on the screen."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import GenericAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import authenticated_recently
from apps.alerts.queries import alerts_visible_to
from apps.sites.queries import allows
from apps.watchlists.models import EntryCategory, SightingLead, WatchlistEntry
from apps.watchlists.models.sightings import Answer
from apps.watchlists.operations.approving import (
    Seen,
    UnableToApprove,
    approve_entry,
    refuse_entry,
)
from apps.watchlists.operations.leads import UnableToJudge, judge_lead
from apps.watchlists.operations.looking import (
    record_entry_viewed,
    record_history_viewed,
    record_lead_viewed,
)
from apps.watchlists.operations.proposing import (
    ClipMoment,
    EntryProposal,
    Term,
    UnableToPropose,
    propose_entry,
)
from apps.watchlists.queries.entries import entries_visible_to
from apps.watchlists.queries.gate import gate_of
from apps.watchlists.queries.sightings import leads_visible_to, path_of
from apps.watchlists.serializers import (
    EntryDecisionSerializer,
    EntryDetail,
    EntrySummary,
    GateStandingSerializer,
    JudgementSerializer,
    LeadSummary,
    ProposalSerializer,
    SightingSerializer,
    WatchlistRefusal,
)

_REFUSED = {403: WatchlistRefusal, 404: WatchlistRefusal, 409: WatchlistRefusal}


class NewestProposed(CursorPagination):
    ordering = ("-proposed_at", "-id")
    page_size = 50


class NewestRaised(CursorPagination):
    ordering = ("-raised_at", "-id")
    page_size = 50


class _Watchlist(GenericAPIView[Any]):
    """People with the permission; others get 403, strangers 404."""

    def asking(self, permission: Permission) -> User:
        user = self.request.user
        assert isinstance(user, User)
        if not user.may(permission):
            raise PermissionDenied("Watchlists are not part of your role.")
        return user

    def entry(
        self, entry_id: UUID, permission: Permission = Permission.VIEW_WATCHLIST
    ) -> WatchlistEntry:
        user = self.request.user
        assert isinstance(user, User)
        found = WatchlistEntry.objects.filter(tenant_id=user.tenant_id, id=entry_id)
        entry = found.select_related("gate").first()
        if entry is None:
            raise Http404
        self.asking(permission)
        return entry

    def lead(self, lead_id: UUID) -> tuple[User, SightingLead]:
        user = self.request.user
        assert isinstance(user, User)
        lead = leads_visible_to(user).filter(id=lead_id).first()
        if lead is None:
            raise Http404
        if not allows(user, Permission.CONFIRM_SIGHTING, lead.site_id):
            raise PermissionDenied("Judging leads is not part of your role.")
        return user, lead

    def proven(self) -> None:
        if not authenticated_recently(self.request._request):
            raise PermissionDenied("Confirm who you are first.")

    def page_of(self, rows: Any, serializer: Any) -> Response:
        return self.get_paginated_response(serializer(self.paginate_queryset(rows), many=True).data)


class Gate(_Watchlist):
    @extend_schema(
        operation_id="watchlist_gate",
        responses={200: GateStandingSerializer, 403: WatchlistRefusal},
    )
    def get(self, request: Request) -> Response:
        """Whether watchlists are on, and what is missing when not."""
        user = self.asking(Permission.VIEW_WATCHLIST)
        standing = gate_of(user.tenant_id, now=timezone.now())
        latest = standing.latest
        told = {
            "is_on": standing.is_on,
            "missing": list(standing.missing),
            "version": latest.version if latest else 0,
            "valid_until": latest.valid_until if latest else None,
        }
        return Response(GateStandingSerializer(told).data)


class Entries(_Watchlist):
    pagination_class = NewestProposed

    @extend_schema(
        operation_id="watchlist_entry_list",
        responses={200: EntrySummary(many=True), 403: WatchlistRefusal},
    )
    def get(self, request: Request) -> Response:
        """Every entry of the tenant, newest first."""
        return self.page_of(
            entries_visible_to(self.asking(Permission.VIEW_WATCHLIST)), EntrySummary
        )

    @extend_schema(
        operation_id="watchlist_entry_propose",
        request=ProposalSerializer,
        responses={201: EntryDetail, **_REFUSED},
    )
    def post(self, request: Request) -> Response:
        """Propose an entry from an alert confirmed as theft. It is checked, then another person decides."""
        user = self.asking(Permission.PROPOSE_WATCHLIST)
        body = ProposalSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        alert = alerts_visible_to(user).filter(id=body.validated_data["alert"]).first()
        if alert is None:
            raise Http404

        def work() -> WatchlistEntry:
            return propose_entry(
                actor=actor_of(request._request),
                user=user,
                alert=alert,
                proposal=_proposal(body.validated_data),
                now=timezone.now(),
            )

        return _answer(work, EntryDetail, UnableToPropose, done=status.HTTP_201_CREATED)


class Entry(_Watchlist):
    @extend_schema(
        operation_id="watchlist_entry_read",
        responses={200: EntryDetail, 403: WatchlistRefusal, 404: WatchlistRefusal},
    )
    def get(self, request: Request, entry_id: UUID) -> Response:
        """One entry; the look is recorded."""
        entry = self.entry(entry_id)
        record_entry_viewed(actor=actor_of(request._request), entry=entry)
        return Response(EntryDetail(entry).data)


class EntryDecision(_Watchlist):
    @extend_schema(
        operation_id="watchlist_entry_decide",
        request=EntryDecisionSerializer,
        responses={200: EntryDetail, **_REFUSED},
    )
    def post(self, request: Request, entry_id: UUID) -> Response:
        """Approve or refuse a checked proposal, as it was read; never your own. Needs a recent sign-in."""
        entry = self.entry(entry_id)
        user = self.asking(Permission.VIEW_WATCHLIST)
        self.proven()
        body = EntryDecisionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        data, actor = body.validated_data, actor_of(request._request)
        seen = Seen(version=data["version"], digest=data["digest"])

        def work() -> WatchlistEntry:
            now = timezone.now()
            if data["entry_decision"] == "approve":
                return approve_entry(actor=actor, user=user, entry=entry, seen=seen, now=now)
            refuse_entry(
                actor=actor, user=user, entry=entry, seen=seen, reason=data["reason"], now=now
            )
            entry.refresh_from_db()
            return entry

        return _answer(work, EntryDetail, UnableToApprove)


class EntrySightings(_Watchlist):
    @extend_schema(
        operation_id="watchlist_entry_sightings",
        responses={
            200: SightingSerializer(many=True),
            403: WatchlistRefusal,
            404: WatchlistRefusal,
        },
    )
    def get(self, request: Request, entry_id: UUID) -> Response:
        """A person's confirmed sightings across sites, in the order of time; the look is recorded."""
        entry = self.entry(entry_id, Permission.VIEW_PERSON_HISTORY)
        path = path_of(entry)
        record_history_viewed(actor=actor_of(request._request), entry=entry, shown=len(path))
        return Response(SightingSerializer(path, many=True).data)


class Leads(_Watchlist):
    pagination_class = NewestRaised

    @extend_schema(
        operation_id="sighting_lead_list",
        responses={200: LeadSummary(many=True), 403: WatchlistRefusal},
    )
    def get(self, request: Request) -> Response:
        """The leads of your sites, newest first."""
        return self.page_of(leads_visible_to(self.asking(Permission.CONFIRM_SIGHTING)), LeadSummary)


class Lead(_Watchlist):
    @extend_schema(
        operation_id="sighting_lead_read",
        responses={200: LeadSummary, 403: WatchlistRefusal, 404: WatchlistRefusal},
    )
    def get(self, request: Request, lead_id: UUID) -> Response:
        """One lead; the look is recorded. Nobody's answer is told."""
        _, lead = self.lead(lead_id)
        record_lead_viewed(actor=actor_of(request._request), lead=lead)
        return Response(LeadSummary(lead).data)


class LeadJudgements(_Watchlist):
    @extend_schema(
        operation_id="sighting_lead_judge",
        request=JudgementSerializer,
        responses={200: LeadSummary, **_REFUSED},
    )
    def post(self, request: Request, lead_id: UUID) -> Response:
        """Give your answer, once; another person gives theirs apart. Needs a recent sign-in."""
        user, lead = self.lead(lead_id)
        self.proven()
        body = JudgementSerializer(data=request.data)
        body.is_valid(raise_exception=True)

        def work() -> SightingLead:
            return judge_lead(
                actor=actor_of(request._request),
                user=user,
                lead=lead,
                answer=Answer(body.validated_data["same_person"]),
                reason=body.validated_data["reason"],
                now=timezone.now(),
            )

        return _answer(work, LeadSummary, UnableToJudge)


def _proposal(data: dict[str, Any]) -> EntryProposal:
    return EntryProposal(
        category=EntryCategory(data["category"]),
        seriousness=data["seriousness"],
        necessity=data["necessity"],
        site_ids=frozenset(data["sites"]),
        term=Term(valid_days=data["valid_days"], review_days=data["review_days"]),
        images=[ClipMoment(at_seconds=data["at_seconds"], at_x=data["at_x"], at_y=data["at_y"])],
        declared_adult=data["declared_adult"],
        declared_not_vulnerable=data["declared_not_vulnerable"],
        declared_not_staff=data["declared_not_staff"],
    )


def _answer(
    work: Callable[[], Any],
    serializer: Any,
    refusal: type[Exception],
    *,
    done: int = status.HTTP_200_OK,
) -> Response:
    """What an operation made, or 409 with the sentence of its refusal."""
    try:
        made = work()
    except refusal as fault:
        return Response({"detail": str(fault)}, status=status.HTTP_409_CONFLICT)
    return Response(serializer(made).data, status=done)
