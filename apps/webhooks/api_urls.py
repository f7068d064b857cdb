"""Endpoints of webhooks, under /api/v1/."""

from django.urls import path

from apps.webhooks import api

_ONE = "webhooks/<uuid:webhook_id>/"

urlpatterns = [
    path("webhooks/", api.WebhooksView.as_view(), name="api-webhooks"),
    path(_ONE, api.WebhookView.as_view(), name="api-webhook"),
    path(f"{_ONE}on/", api.WebhookOnView.as_view(), name="api-webhook-on"),
    path(f"{_ONE}off/", api.WebhookOffView.as_view(), name="api-webhook-off"),
    path(f"{_ONE}secret/", api.WebhookSecretView.as_view(), name="api-webhook-secret"),
    path(f"{_ONE}ping/", api.WebhookPingView.as_view(), name="api-webhook-ping"),
    path(f"{_ONE}deliveries/", api.DeliveriesView.as_view(), name="api-webhook-deliveries"),
    path(
        f"{_ONE}deliveries/<uuid:delivery_id>/retry/",
        api.DeliveryRetryView.as_view(),
        name="api-webhook-retry",
    ),
]
