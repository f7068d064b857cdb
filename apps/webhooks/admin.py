"""Webhooks in the admin: for looking. They are set up under Settings, where the secret is shown once."""

from django.contrib import admin

from apps.accounts.admin_base import ReadOnlyAdmin
from apps.webhooks.models import Webhook, WebhookDelivery


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin):
    list_display = ["name", "url", "state", "state_reason", "failures_in_row", "state_at"]
    list_filter = ["state"]
    search_fields = ["id", "name", "url"]
    exclude = ["secret_sealed", "previous_secret_sealed"]


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ["kind", "webhook", "state", "tries", "answer_status", "problem", "created_at"]
    list_filter = ["state", "kind", "webhook"]
    list_select_related = ["webhook"]
    search_fields = ["id", "event_id"]
    date_hierarchy = "created_at"
