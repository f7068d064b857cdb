"""Webhooks through the API: the same operations as on the screen, with the same refusals."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.exceptions import ValidationError as NotValid
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import authenticated_recently
from apps.webhooks.models import Webhook, WebhookDelivery
from apps.webhooks.operations.setup import (
    UnableToChange,
    change_webhook,
    create_webhook,
    ping_webhook,
    retry_delivery,
    rotate_webhook_secret,
    switch_off_webhook,
    switch_on_webhook,
)
from apps.webhooks.queries import log_of
from apps.webhooks.serializers import (
    DeliveryData,
    SecretMade,
    WebhookChanged,
    WebhookData,
    WebhookStated,
    WebhookWithSecret,
)


class Conflict(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class NewestFirst(CursorPagination):
    ordering = ("-created_at", "-id")


class _Office(APIView):
    """For those who manage webhooks."""

    def person(self) -> User:
        user = self.request.user
        assert isinstance(user, User)
        if not user.may(Permission.MANAGE_WEBHOOKS):
            raise PermissionDenied("This is not part of your role.")
        return user

    def fresh(self) -> User:
        user = self.person()
        if not authenticated_recently(self.request._request):
            raise PermissionDenied("Sign in again first: this needs a sign-in of the last minutes.")
        return user

    def webhook(self, webhook_id: UUID) -> Webhook:
        return get_object_or_404(Webhook, id=webhook_id, tenant_id=self.person().tenant_id)


class WebhooksView(_Office):
    @extend_schema(operation_id="webhooks", responses={200: WebhookData(many=True)})
    def get(self, request: Request) -> Response:
        """Every webhook of the company, by name."""
        found = Webhook.objects.filter(tenant_id=self.person().tenant_id)
        return Response(WebhookData(found, many=True).data)

    @extend_schema(
        operation_id="webhook_create", request=WebhookStated, responses={201: WebhookWithSecret}
    )
    def post(self, request: Request) -> Response:
        """Tell an address of events. The secret in the answer is shown once. Needs a sign-in of the last minutes."""
        user, asked = self.fresh(), WebhookStated(data=request.data)
        asked.is_valid(raise_exception=True)
        webhook, secret = _tried(
            lambda: create_webhook(
                actor=actor_of(request._request),
                user=user,
                now=timezone.now(),
                **asked.validated_data,
            )
        )
        body = WebhookData(webhook).data | {"secret": secret}
        return Response(body, status=status.HTTP_201_CREATED)


class WebhookView(_Office):
    @extend_schema(operation_id="webhook", responses={200: WebhookData})
    def get(self, request: Request, webhook_id: UUID) -> Response:
        """One webhook; never its secret."""
        return Response(WebhookData(self.webhook(webhook_id)).data)

    @extend_schema(
        operation_id="webhook_change", request=WebhookChanged, responses={200: WebhookData}
    )
    def patch(self, request: Request, webhook_id: UUID) -> Response:
        """Change its name, address or what it is told. Needs a sign-in of the last minutes."""
        webhook, asked = self.webhook(webhook_id), WebhookChanged(data=request.data)
        asked.is_valid(raise_exception=True)
        self.fresh()
        names = ("name", "url", "kinds", "beyond_network")
        said = {name: getattr(webhook, name) for name in names} | asked.validated_data
        _tried(lambda: change_webhook(actor=actor_of(request._request), webhook=webhook, **said))
        return Response(WebhookData(webhook).data)


class _Act(_Office):
    """One act on one webhook, answered by the webhook."""

    act: ClassVar[Callable[..., Any]]

    def _done(self, request: Request, webhook_id: UUID) -> Response:
        webhook = self.webhook(webhook_id)
        act = type(self).act
        _allowed(lambda: act(actor=actor_of(request._request), webhook=webhook, now=timezone.now()))
        webhook.refresh_from_db()
        return Response(WebhookData(webhook).data)


class WebhookOnView(_Act):
    act = staticmethod(switch_on_webhook)

    @extend_schema(operation_id="webhook_switch_on", request=None, responses={200: WebhookData})
    def post(self, request: Request, webhook_id: UUID) -> Response:
        """Tell the address again."""
        return self._done(request, webhook_id)


class WebhookOffView(_Act):
    act = staticmethod(switch_off_webhook)

    @extend_schema(operation_id="webhook_switch_off", request=None, responses={200: WebhookData})
    def post(self, request: Request, webhook_id: UUID) -> Response:
        """Tell the address nothing from now on."""
        return self._done(request, webhook_id)


class WebhookSecretView(_Office):
    @extend_schema(operation_id="webhook_rotate", request=None, responses={201: SecretMade})
    def post(self, request: Request, webhook_id: UUID) -> Response:
        """Make a new secret. For 24 hours both sign. Needs a sign-in of the last minutes."""
        webhook = self.webhook(webhook_id)
        self.fresh()
        with transaction.atomic():
            secret = rotate_webhook_secret(
                actor=actor_of(request._request), webhook=webhook, now=timezone.now()
            )
        made = {"secret": secret, "previous_valid_until": webhook.previous_valid_until}
        return Response(SecretMade(made).data, status=status.HTTP_201_CREATED)


class WebhookPingView(_Office):
    @extend_schema(operation_id="webhook_ping", request=None, responses={202: DeliveryData})
    def post(self, request: Request, webhook_id: UUID) -> Response:
        """Put a test message on its way; its delivery says how it went."""
        webhook = self.webhook(webhook_id)
        delivery = _allowed(
            lambda: ping_webhook(
                actor=actor_of(request._request), webhook=webhook, now=timezone.now()
            )
        )
        return Response(DeliveryData(delivery).data, status=status.HTTP_202_ACCEPTED)


class DeliveriesView(_Office):
    @extend_schema(
        operation_id="webhook_deliveries", responses={200: DeliveryData(many=True)}, parameters=[]
    )
    def get(self, request: Request, webhook_id: UUID) -> Response:
        """What the webhook was told and will be, the newest first. `state` narrows it down."""
        pages = NewestFirst()
        log = log_of(self.webhook(webhook_id), state=request.query_params.get("state", ""))
        page = pages.paginate_queryset(log, request, view=self)
        return pages.get_paginated_response(DeliveryData(page, many=True).data)


class DeliveryRetryView(_Office):
    @extend_schema(operation_id="webhook_retry", request=None, responses={202: DeliveryData})
    def post(self, request: Request, webhook_id: UUID, delivery_id: UUID) -> Response:
        """Send an event again under the same id."""
        log = WebhookDelivery.objects.filter(webhook=self.webhook(webhook_id))
        delivery = get_object_or_404(log.select_related("webhook"), id=delivery_id)
        _allowed(
            lambda: retry_delivery(
                actor=actor_of(request._request), delivery=delivery, now=timezone.now()
            )
        )
        delivery.refresh_from_db()
        return Response(DeliveryData(delivery).data, status=status.HTTP_202_ACCEPTED)


def _tried(work: Callable[[], Any]) -> Any:
    try:
        with transaction.atomic():
            return work()
    except ValidationError as refusal:
        raise NotValid(refusal.message_dict) from None


def _allowed(work: Callable[[], Any]) -> Any:
    try:
        with transaction.atomic():
            return work()
    except UnableToChange as refusal:
        raise Conflict(str(refusal)) from None
