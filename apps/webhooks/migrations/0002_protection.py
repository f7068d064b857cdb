"""Webhooks and their deliveries show only in their own tenant and move along their tables.

A webhook is switched off, not deleted, so that its log keeps what it belongs to; deliveries leave the log with time.
Undone by reversing."""

from django.db import migrations

from apps.audit.protection import revoke, row_level_security, transition_guard
from apps.triage.states import DELIVERY, WEBHOOK


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_webhooks")]
    operations = [
        row_level_security("webhooks_webhook"),
        revoke("webhooks_webhook", ["DELETE", "TRUNCATE"]),
        transition_guard("webhooks_webhook", "state", WEBHOOK.transitions, WEBHOOK.initial),
        row_level_security("webhooks_webhookdelivery"),
        revoke("webhooks_webhookdelivery", ["TRUNCATE"]),
        transition_guard(
            "webhooks_webhookdelivery", "state", DELIVERY.transitions, DELIVERY.initial
        ),
    ]
