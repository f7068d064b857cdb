"""Deciding through the API: the same person, rules and records as on the screen."""

from collections.abc import Callable
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.actors import actor_of
from apps.accounts.sessions import authenticated_recently
from apps.alerts.queries import alerts_visible_to
from apps.reviews.item_queries import may_regroup
from apps.reviews.models import ItemMember, ReviewItem
from apps.reviews.operations import (
    UnableToDecide,
    UnableToRegroup,
    prepare_attempt,
    rejoin_alert,
    split_alert,
    submit_attempt,
)
from apps.reviews.queries import attempt_of
from apps.reviews.serializers import (
    AttemptSerializer,
    DecisionPayloadSerializer,
    ItemSerializer,
    PreparedSerializer,
    RefusalSerializer,
    RegroupSerializer,
    SubmitSerializer,
)
from apps.reviews.words import SENTENCES, Code

_STATUS = {
    Code.FORBIDDEN: status.HTTP_403_FORBIDDEN,
    Code.NOT_TRAINED: status.HTTP_403_FORBIDDEN,
    Code.OTHER_USER: status.HTTP_404_NOT_FOUND,
    Code.UNKNOWN: status.HTTP_404_NOT_FOUND,
    Code.NO_VIEWABLE_CLIP: status.HTTP_422_UNPROCESSABLE_ENTITY,
    Code.NOT_PLAYED: status.HTTP_422_UNPROCESSABLE_ENTITY,
    Code.TRANSFER_NOT_SEEN: status.HTTP_422_UNPROCESSABLE_ENTITY,
}


def refusal_status(code: Code) -> int:
    """404 to strangers, 403 to the unauthorised, 422 for what is missing, 409 for everything that moved."""
    return _STATUS.get(code, status.HTTP_409_CONFLICT)


class _DecisionView(APIView):
    """A decision needs a person who proved who they are in the last minutes; reading does not."""

    authentication_classes = [SessionAuthentication]

    def act(self, request: Request, work: Callable[[], Response]) -> Response:
        if not authenticated_recently(request._request):
            return _refused(
                "reauthenticate", "Confirm who you are first.", status.HTTP_403_FORBIDDEN
            )
        try:
            return work()
        except UnableToDecide as refusal:
            return _refused(refusal.code, refusal.sentence, refusal_status(refusal.code))


class PrepareDecision(_DecisionView):
    @extend_schema(
        operation_id="decision_prepare",
        request=DecisionPayloadSerializer,
        responses={
            201: PreparedSerializer,
            403: RefusalSerializer,
            409: RefusalSerializer,
            422: RefusalSerializer,
        },
    )
    def post(self, request: Request, alert_id: UUID) -> Response:
        """Prepare a decision: returns the attempt and its one-time token, good for two minutes in this session."""
        alert = alerts_visible_to(request.user).select_related("clip").filter(id=alert_id).first()  # type: ignore[arg-type]
        if alert is None:
            raise Http404
        body = DecisionPayloadSerializer(data=request.data)
        body.is_valid(raise_exception=True)

        def work() -> Response:
            prepared = prepare_attempt(
                actor=actor_of(request._request),
                user=request.user,  # type: ignore[arg-type]
                alert=alert,
                payload=body.validated_data["payload"],
                now=timezone.now(),
            )
            return Response(PreparedSerializer(prepared).data, status=status.HTTP_201_CREATED)

        return self.act(request, work)


class SubmitDecision(_DecisionView):
    @extend_schema(
        operation_id="decision_submit",
        request=SubmitSerializer,
        responses={
            202: AttemptSerializer,
            403: RefusalSerializer,
            404: RefusalSerializer,
            409: RefusalSerializer,
        },
    )
    def post(self, request: Request, attempt_id: UUID) -> Response:
        """Confirm a prepared decision with its token and the same payload. Follow the attempt for its outcome."""
        body = SubmitSerializer(data=request.data)
        body.is_valid(raise_exception=True)

        def work() -> Response:
            attempt = submit_attempt(
                actor=actor_of(request._request),
                user=request.user,  # type: ignore[arg-type]
                attempt_id=attempt_id,
                token=body.validated_data["token"],
                payload=body.validated_data["payload"]["payload"],
                now=timezone.now(),
            )
            return Response(AttemptSerializer(attempt).data, status=status.HTTP_202_ACCEPTED)

        return self.act(request, work)


class FollowDecision(APIView):
    @extend_schema(operation_id="decision_follow", responses={200: AttemptSerializer})
    def get(self, request: Request, attempt_id: UUID) -> Response:
        """The state of your own attempt: prepared, submitted (recorded, waiting), applied, refused or expired."""
        attempt = attempt_of(request.user, attempt_id)  # type: ignore[arg-type]
        if attempt is None:
            raise Http404
        return Response(AttemptSerializer(attempt).data)


class AlertItem(APIView):
    authentication_classes = [SessionAuthentication]

    @extend_schema(operation_id="alert_item", responses={200: ItemSerializer})
    def get(self, request: Request, alert_id: UUID) -> Response:
        """The review item an alert stands in, or was split off; 404 for one that always stood alone."""
        return Response(ItemSerializer(_item_for(request, alert_id)).data)


class _RegroupView(APIView):
    authentication_classes = [SessionAuthentication]

    def act(self, request: Request, alert_id: UUID, work: Callable[..., None]) -> Response:
        _item_for(request, alert_id)
        body = RegroupSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = request.user
        alert = alerts_visible_to(user).get(id=alert_id)  # type: ignore[arg-type]
        if not may_regroup(user, alert):  # type: ignore[arg-type]
            return _refused(Code.FORBIDDEN, SENTENCES[Code.FORBIDDEN], status.HTTP_403_FORBIDDEN)
        reason = body.validated_data["reason"]
        actor = actor_of(request._request)
        try:
            work(actor=actor, user=user, alert=alert, reason=reason, now=timezone.now())
        except UnableToRegroup as refusal:
            return _refused("unable", refusal.sentence, status.HTTP_409_CONFLICT)
        return Response(ItemSerializer(_item_for(request, alert_id)).data)


class SplitAlert(_RegroupView):
    @extend_schema(
        operation_id="alert_split",
        request=RegroupSerializer,
        responses={200: ItemSerializer, 403: RefusalSerializer, 409: RefusalSerializer},
    )
    def post(self, request: Request, alert_id: UUID) -> Response:
        """Take the alert out of its item: it is a row of its own again."""
        return self.act(request, alert_id, split_alert)


class RejoinAlert(_RegroupView):
    @extend_schema(
        operation_id="alert_rejoin",
        request=RegroupSerializer,
        responses={200: ItemSerializer, 403: RefusalSerializer, 409: RefusalSerializer},
    )
    def post(self, request: Request, alert_id: UUID) -> Response:
        """Undo a split while both sides still wait."""
        return self.act(request, alert_id, rejoin_alert)


def _item_for(request: Request, alert_id: UUID) -> ReviewItem:
    """The item of an alert this person may see; nobody learns of another's."""
    visible = alerts_visible_to(request.user)  # type: ignore[arg-type]
    place = ItemMember.objects.select_related("item").filter(alert__in=visible, alert_id=alert_id)
    found = place.first()
    if found is None:
        raise Http404
    return found.item


def _refused(code: str, sentence: str, http_status: int) -> Response:
    return Response({"code": str(code), "detail": sentence}, status=http_status)
