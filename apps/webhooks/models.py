"""Addresses of integrators, and every event on its way to one."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.accounts.models import Tenant, User
from apps.triage.states import DeliveryState, WebhookState
from apps.webhooks.kinds import KIND_OF, WORDS


def validate_kinds(value: list[str]) -> None:
    """Something is chosen, and nothing that is never told."""
    if not value:
        raise ValidationError("Choose at least one kind of event.")
    unknown = set(value) - set(KIND_OF.values())
    if unknown:
        raise ValidationError(f"There is no kind of event named {sorted(unknown)[0]!r}.")


class Webhook(models.Model):
    """An address that is told of events by signed POSTs that hold ids and links only.

    `next_index` is the place in the tenant's audit chain up to which events were considered: the chain is the outbox.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    url = models.CharField("address", max_length=300)
    beyond_network = models.BooleanField(
        "may lie outside the network", default=False, help_text="Then by https only."
    )
    kinds = ArrayField(
        models.CharField(max_length=40, choices=list(WORDS.items())), validators=[validate_kinds]
    )
    timeout_seconds = models.FloatField(
        default=10.0, validators=[MinValueValidator(0.5), MaxValueValidator(30.0)]
    )
    state = models.CharField(
        max_length=20,
        choices=[(state.value, state.value) for state in WebhookState],
        default=WebhookState.ACTIVE,
    )
    state_reason = models.CharField(max_length=300, blank=True)
    state_at = models.DateTimeField()
    secret_sealed = models.BinaryField()
    previous_secret_sealed = models.BinaryField(null=True, blank=True)
    previous_valid_until = models.DateTimeField(null=True, blank=True)
    next_index = models.BigIntegerField(default=0)
    failures_in_row = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="webhook_name_once_per_tenant"),
            models.CheckConstraint(
                condition=models.Q(state__in=list(WebhookState)), name="webhook_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(models.Model):
    """One event for one webhook: the very bytes that are signed and sent, and how that went."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="deliveries")
    event_id = models.UUIDField(help_text="The audit event it tells of; a ping's own id.")
    kind = models.CharField(max_length=40)
    body = models.TextField()
    state = models.CharField(
        max_length=20,
        choices=[(state.value, state.value) for state in DeliveryState],
        default=DeliveryState.WAITING,
    )
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True, blank=True)
    answer_status = models.PositiveSmallIntegerField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["webhook", "event_id"], name="webhook_told_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=list(DeliveryState)),
                name="webhook_delivery_state_is_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(state=DeliveryState.WAITING),
                name="webhook_delivery_due",
            ),
            models.Index(fields=["webhook", "-created_at"], name="webhook_delivery_log"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.webhook}"
