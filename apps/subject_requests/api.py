"""Requests over the API: the same operations, permissions and records as on the screen."""

from datetime import datetime
from typing import Any, ClassVar
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
from rest_framework.serializers import Serializer

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import authenticated_recently
from apps.people.models import Person
from apps.subject_requests import serializers as shapes
from apps.subject_requests.models import (
    Erasure,
    IdentityCheck,
    ReceivedBy,
    RefusalGround,
    RequestKind,
    SubjectRequest,
)
from apps.subject_requests.operations import disclosing, erasing, receiving, searching
from apps.subject_requests.operations.looking import record_log_seen, record_request_viewed
from apps.subject_requests.operations.moving import UnableToHandle
from apps.subject_requests.queries.access_log import access_log_of
from apps.subject_requests.queries.requests import requests_visible_to
from apps.subject_requests.queries.search import Criteria

HANDLE = Permission.HANDLE_SUBJECT_REQUESTS
_REFUSED = {403: shapes.RequestRefusal, 404: shapes.RequestRefusal, 409: shapes.RequestRefusal}


class SoonestDue(CursorPagination):
    ordering = ("due_at", "id")
    page_size = 50


class _Requests(GenericAPIView[Any]):
    """People with the permission; others get 403, strangers 404."""

    def asking(self, permission: Permission = HANDLE) -> User:
        user = self.request.user
        assert isinstance(user, User)
        if not user.may(permission):
            raise PermissionDenied("Subject requests are not part of your role.")
        return user

    def found(self, request_id: UUID) -> SubjectRequest:
        user = self.request.user
        assert isinstance(user, User)
        rows = SubjectRequest.objects.filter(tenant_id=user.tenant_id).select_related("person")
        found = rows.filter(id=request_id).first()
        if found is None:
            raise Http404
        return found


class RequestList(_Requests):
    """Requests, soonest due first; and writing one down."""

    serializer_class = shapes.RequestSummary
    pagination_class = SoonestDue

    @extend_schema(
        operation_id="subject_requests_list",
        responses={200: shapes.RequestSummary(many=True), **_REFUSED},
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(requests_visible_to(self.asking()))
        return self.get_paginated_response(shapes.RequestSummary(page, many=True).data)

    @extend_schema(
        operation_id="subject_requests_receive",
        request=shapes.ReceivedSerializer,
        responses={201: shapes.RequestSummary, **_REFUSED},
    )
    def post(self, request: Request) -> Response:
        user = self.asking()
        form = shapes.ReceivedSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        person = None
        if said["person"]:
            person = Person.objects.filter(tenant_id=user.tenant_id, id=said["person"]).first()
            if person is None:
                raise Http404
        received = receiving.Received(
            kind=RequestKind(said["kind"]),
            how=ReceivedBy(said["how"]),
            received_at=said["received_at"],
            name=said["name"],
            person=person,
            contact=said["contact"],
            wording=said["wording"],
        )
        try:
            made = receiving.receive_request(
                actor=actor_of(request), user=user, received=received, now=timezone.now()
            )
        except UnableToHandle as refusal:
            return _refused(refusal)
        return Response(shapes.RequestSummary(made).data, status=status.HTTP_201_CREATED)


class RequestPage(_Requests):
    """One request with its findings; looking is recorded."""

    serializer_class = shapes.RequestDetail

    @extend_schema(
        operation_id="subject_requests_read", responses={200: shapes.RequestDetail, **_REFUSED}
    )
    def get(self, request: Request, request_id: UUID) -> Response:
        found = self.found(request_id)
        self.asking()
        record_request_viewed(actor=actor_of(request), request=found)
        return Response(shapes.RequestDetail(found).data)


class _Act(_Requests):
    """One act on one request: its permission, its shape, its operation."""

    permission: ClassVar[Permission] = HANDLE
    shape: ClassVar[type[Serializer[Any]]] = shapes.NothingSerializer
    needs_proof: ClassVar[bool] = False
    serializer_class = shapes.RequestSummary

    def post(self, request: Request, request_id: UUID) -> Response:
        found = self.found(request_id)
        user = self.asking(self.permission)
        if self.needs_proof and not authenticated_recently(request):
            raise PermissionDenied("Sign in again first: this needs a fresh proof of who you are.")
        form = self.shape(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            self.carry_out(request, user, found, form.validated_data, timezone.now())
        except UnableToHandle as refusal:
            return _refused(refusal)
        found.refresh_from_db()
        return Response(shapes.RequestSummary(found).data)

    def carry_out(
        self, request: Request, user: User, found: SubjectRequest, said: Any, now: datetime
    ) -> None:
        raise NotImplementedError


def _documented(name: str, shape: type[Serializer[Any]]) -> Any:
    """A method of its own for each act: what is said of one must not be said of all."""

    def of(method: Any) -> Any:
        def post(self: _Act, request: Request, request_id: UUID) -> Response:
            answer: Response = method(self, request, request_id)
            return answer

        described = extend_schema(
            operation_id=f"subject_requests_{name}",
            request=shape,
            responses={200: shapes.RequestSummary, **_REFUSED},
        )
        return described(post)

    return of


class Identify(_Act):
    """How the person's identity was checked."""

    shape = shapes.IdentitySerializer
    post = _documented("identify", shape)(_Act.post)

    def carry_out(
        self, request: Request, user: User, found: SubjectRequest, said: Any, now: datetime
    ) -> None:
        check = IdentityCheck(said["check"])
        receiving.check_identity(
            actor=actor_of(request), user=user, request=found, check=check, now=now
        )


class Search(_Act):
    """Search for the person's data."""

    shape = shapes.SearchSerializer
    post = _documented("search", shape)(_Act.post)

    def carry_out(
        self, request: Request, user: User, found: SubjectRequest, said: Any, now: datetime
    ) -> None:
        criteria = Criteria(
            references=tuple(said["references"]),
            site_id=said["site"],
            camera_id=said["camera"],
            since=said["since"],
            until=said["until"],
        )
        searching.search_for(
            actor=actor_of(request), user=user, request=found, criteria=criteria, now=now
        )


class Judge(_Act):
    """Whether findings are about the person, and why."""

    shape = shapes.JudgementOnFindings
    post = _documented("judge", shape)(_Act.post)

    def carry_out(
        self, request: Request, user: User, found: SubjectRequest, said: Any, now: datetime
    ) -> None:
        searching.judge_findings(
            actor=actor_of(request),
            user=user,
            request=found,
            finding_ids=said["findings"],
            is_about_the_person=said["about"],
            reason=said["reason"],
            now=now,
        )


class Extend(_Act):
    """Two further months, with the reason the person is told."""

    shape = shapes.RequestReasonSerializer
    post = _documented("extend", shape)(_Act.post)

    def carry_out(
        self, request: Request, user: User, found: SubjectRequest, said: Any, now: datetime
    ) -> None:
        receiving.extend_request(
            actor=actor_of(request), user=user, request=found, reason=said["reason"], now=now
        )


class Refuse(_Act):
    """Refuse on a legal ground."""

    shape = shapes.RefuseRequestSerializer
    post = _documented("refuse", shape)(_Act.post)

    def carry_out(
        self, request: Request, user: User, found: SubjectRequest, said: Any, now: datetime
    ) -> None:
        receiving.refuse_request(
            actor=actor_of(request),
            user=user,
            request=found,
            ground=RefusalGround(said["ground"]),
            wording=said["wording"],
            now=now,
        )


class Answer(_Act):
    """The outcome of an objection or a correction."""

    shape = shapes.RequestAnswerSerializer
    post = _documented("answer", shape)(_Act.post)

    def carry_out(
        self, request: Request, user: User, found: SubjectRequest, said: Any, now: datetime
    ) -> None:
        receiving.answer_request(
            actor=actor_of(request),
            user=user,
            request=found,
            wording=said["wording"],
            corrected_name=said["corrected_name"],
            now=now,
        )


class Prepare(_Act):
    """Have the package written."""

    post = _documented("prepare", shapes.NothingSerializer)(_Act.post)

    def carry_out(
        self, request: Request, user: User, found: SubjectRequest, said: Any, now: datetime
    ) -> None:
        disclosing.prepare_disclosure(actor=actor_of(request), user=user, request=found, now=now)


class SendBack(_Act):
    """Back to the findings."""

    shape = shapes.RequestReasonSerializer
    post = _documented("return", shape)(_Act.post)

    def carry_out(
        self, request: Request, user: User, found: SubjectRequest, said: Any, now: datetime
    ) -> None:
        disclosing.return_disclosure(
            actor=actor_of(request), user=user, request=found, reason=said["reason"], now=now
        )


class Approve(_Act):
    """Another person than the preparer approves; needs a fresh proof of identity."""

    permission = Permission.APPROVE_DISCLOSURE
    shape = shapes.PackageApprovalSerializer
    needs_proof = True
    post = _documented("approve", shape)(_Act.post)

    def carry_out(
        self, request: Request, user: User, found: SubjectRequest, said: Any, now: datetime
    ) -> None:
        disclosing.approve_disclosure(
            actor=actor_of(request),
            user=user,
            request=found,
            package_sha256=said["sha256"],
            now=now,
        )


class AskErasure(_Act):
    """Ask another person to erase."""

    shape = shapes.RequestReasonSerializer
    post = _documented("ask_erasure", shape)(_Act.post)

    def carry_out(
        self, request: Request, user: User, found: SubjectRequest, said: Any, now: datetime
    ) -> None:
        erasing.ask_erasure(
            actor=actor_of(request), user=user, request=found, reason=said["reason"], now=now
        )


class ExecuteErasure(_Act):
    """Another person than who asked erases; needs a fresh proof of identity."""

    permission = Permission.ERASE_PEOPLE
    shape = shapes.RequestReasonSerializer
    needs_proof = True
    post = _documented("execute_erasure", shape)(_Act.post)

    def carry_out(
        self, request: Request, user: User, found: SubjectRequest, said: Any, now: datetime
    ) -> None:
        erasure = Erasure.objects.filter(request=found).first()
        if erasure is None:
            raise UnableToHandle("Nobody has asked for an erasure.")
        erasing.execute_erasure(
            actor=actor_of(request), user=user, erasure=erasure, reason=said["reason"], now=now
        )


class AccessLog(_Requests):
    """Who looked at a person's data, by role; asking is recorded as an export."""

    serializer_class = shapes.LookSerializer
    pagination_class = None

    @extend_schema(
        operation_id="people_access_log",
        responses={200: shapes.LookSerializer(many=True), **_REFUSED},
    )
    def get(self, request: Request, person_id: UUID) -> Response:
        user = self.request.user
        assert isinstance(user, User)
        person = Person.objects.filter(tenant_id=user.tenant_id, id=person_id).first()
        if person is None:
            raise Http404
        self.asking()
        looks = access_log_of(person)
        record_log_seen(actor=actor_of(request), person=person, entries=len(looks), is_export=True)
        return Response(shapes.LookSerializer(looks, many=True).data)


def _refused(refusal: UnableToHandle) -> Response:
    return Response({"detail": str(refusal)}, status=status.HTTP_409_CONFLICT)
