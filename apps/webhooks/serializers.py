"""The shapes of the webhooks API, in and out."""

from typing import Any

from rest_framework import serializers

from apps.triage.states import DeliveryState, WebhookState
from apps.webhooks.kinds import WORDS, Kind
from apps.webhooks.models import Webhook, WebhookDelivery

WEBHOOK_STATES = [(state.value, state.value) for state in WebhookState]
DELIVERY_STATES = [(state.value, state.value) for state in DeliveryState]
KINDS = [(kind.value, WORDS[kind]) for kind in Kind]


class WebhookStated(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    url = serializers.CharField(
        max_length=300, help_text="Inside the network, or by https where beyond_network is true."
    )
    kinds = serializers.ListField(child=serializers.ChoiceField(choices=KINDS), min_length=1)
    beyond_network = serializers.BooleanField(default=False)


class WebhookChanged(serializers.Serializer[Any]):
    """What is left out stays as it is."""

    name = serializers.CharField(max_length=120, required=False)
    url = serializers.CharField(max_length=300, required=False)
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=KINDS), min_length=1, required=False
    )
    beyond_network = serializers.BooleanField(required=False)


_SHOWN: tuple[str, ...] = (
    *("id", "name", "url", "beyond_network", "kinds", "state", "state_reason", "state_at"),
    *("failures_in_row", "previous_valid_until", "created_at"),
)


class WebhookData(serializers.ModelSerializer[Webhook]):
    state = serializers.ChoiceField(choices=WEBHOOK_STATES, read_only=True)

    class Meta:
        model = Webhook
        fields: tuple[str, ...] = _SHOWN
        read_only_fields = _SHOWN


class WebhookWithSecret(WebhookData):
    """`secret` is shown in this answer and never again."""

    secret = serializers.CharField(read_only=True)

    class Meta(WebhookData.Meta):
        fields = (*_SHOWN, "secret")


class SecretMade(serializers.Serializer[Any]):
    """`secret` is shown in this answer and never again; the one before signs too until `previous_valid_until`."""

    secret = serializers.CharField()
    previous_valid_until = serializers.DateTimeField()


class DeliveryData(serializers.ModelSerializer[WebhookDelivery]):
    state = serializers.ChoiceField(choices=DELIVERY_STATES, read_only=True)

    class Meta:
        model = WebhookDelivery
        fields = (
            *("id", "event_id", "kind", "state", "tries", "answer_status", "problem"),
            *("created_at", "tried_at", "next_try_at", "ended_at"),
        )
        read_only_fields = fields
