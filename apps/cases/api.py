"""The cases API: reading and working, for people who work at the site; the same operations as on the screen."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import authenticated_recently
from apps.cases.acts import Act, Doing
from apps.cases.looking import note_look
from apps.cases.models import Case
from apps.cases.operations import UnableToChangeCase, UnableToMoveCase, move_case
from apps.cases.queries import Wanted, cases_visible_to, find_cases
from apps.cases.serializers import Answer, CaseDetail, CaseSummary, Moving
from apps.sites.queries import allows
from apps.triage.states import CaseState


class NewestFirst(CursorPagination):
    ordering = ("-opened_at", "-id")
    page_size = 50


class _Visible(GenericAPIView[Case]):
    """The cases the asking person may see; whoever works with none gets 403."""

    def get_queryset(self) -> QuerySet[Case]:
        if getattr(self, "swagger_fake_view", False):
            return Case.objects.none()
        user = self.request.user
        assert isinstance(user, User)
        if not user.may(Permission.VIEW_CASES):
            raise PermissionDenied("Cases are not part of your role.")
        return cases_visible_to(user)


class CasesView(_Visible, ListAPIView[Case]):
    """List the cases you may see, newest first."""

    serializer_class: Any = CaseSummary
    pagination_class = NewestFirst

    def get_queryset(self) -> QuerySet[Case]:
        found = super().get_queryset()
        words = self.request.query_params.get("q", "").strip()
        user = self.request.user
        return find_cases(user, Wanted(words=words)) if words and isinstance(user, User) else found


class CaseView(_Visible, RetrieveAPIView[Case]):
    """One case, with its alerts and exhibits."""

    serializer_class: Any = CaseDetail
    lookup_url_kwarg = "case_id"

    def get_object(self) -> Case:
        found = super().get_object()
        note_look(self.request._request, found)
        return found


class _Working(APIView):
    """People who may work on the case: 404 to strangers, 403 to the others."""

    authentication_classes = [SessionAuthentication]

    def case(self, request: Request, case_id: UUID, permission: Permission) -> tuple[User, Case]:
        user = request.user
        assert isinstance(user, User)
        found = cases_visible_to(user).filter(id=case_id).first()
        if found is None:
            raise Http404
        if not allows(user, permission, found.site_id):
            raise PermissionDenied("This is not part of your role.")
        return user, found


class MoveCase(_Working):
    @extend_schema(operation_id="case_move", request=Moving, responses={200: Answer, 409: Answer})
    def post(self, request: Request, case_id: UUID) -> Response:
        """Move a case along its states; approving needs a sign-in of the last minutes."""
        body = Moving(data=request.data)
        body.is_valid(raise_exception=True)
        sent = body.validated_data
        to = CaseState(sent["to"])
        approves = to is CaseState.APPROVED
        needed = Permission.APPROVE_CASES if approves else Permission.EDIT_CASES
        _, found = self.case(request, case_id, needed)
        if approves and not authenticated_recently(request._request):
            raise PermissionDenied("Sign in again first.")
        if sent["version"] != found.version:
            return _refused("stale", "Somebody else moved this case meanwhile.")
        try:
            move_case(actor=actor_of(request._request), case=found, to=to, reason=sent["reason"])
        except UnableToMoveCase as refusal:
            return _refused("not_moved", str(refusal))
        return Response({"detail": f"The case is now {to.value.replace('_', ' ')}."})


def doing(act: Act) -> type[_Working]:
    """The endpoint of one act of the table."""

    class Endpoint(_Working):
        @extend_schema(
            operation_id=f"case_{act.name.replace('-', '_')}",
            request=act.shape,
            responses={200: Answer, 409: Answer},
            description=act.done,
        )
        def post(self, request: Request, case_id: UUID) -> Response:
            user, found = self.case(request, case_id, Permission.EDIT_CASES)
            body = act.shape(data=request.data)
            body.is_valid(raise_exception=True)
            who = actor_of(request._request)
            one = Doing(actor=who, user=user, case=found, now=timezone.now())
            try:
                act.perform(one, body.validated_data)
            except UnableToChangeCase as refusal:
                return _refused("not_changed", str(refusal))
            return Response({"detail": act.done})

    return Endpoint


def _refused(code: str, words: str) -> Response:
    return Response({"code": code, "detail": words}, status=status.HTTP_409_CONFLICT)
