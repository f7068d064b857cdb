"""Shapes of the endpoints for versions and backtests. What is allowed is the operation's question."""

from typing import Any

from rest_framework import serializers

from apps.reliability.forms.activation import whole_days
from apps.reliability.forms.choices import LONGEST_NOTE
from apps.reliability.models import Backtest
from apps.reliability.queries.versions import AnyVersion, kind_of

BACKTEST_STATES = [(state.value, state.label) for state in Backtest.State]


class VersionSerializer(serializers.Serializer[Any]):
    """A version as it is stored: never edited, perhaps active."""

    id = serializers.UUIDField()
    kind = serializers.SerializerMethodField()
    version = serializers.IntegerField()
    detector_id = serializers.SerializerMethodField()
    label = serializers.SerializerMethodField()  # type: ignore[assignment]
    is_active = serializers.BooleanField()
    parameters = serializers.DictField()
    note = serializers.CharField()
    created_at = serializers.DateTimeField()
    created_by = serializers.UUIDField(allow_null=True)
    activated_at = serializers.DateTimeField(allow_null=True)
    activated_by = serializers.UUIDField(allow_null=True)

    def get_kind(self, version: AnyVersion) -> str:
        return kind_of(version).value

    def get_detector_id(self, version: AnyVersion) -> str:
        return str(getattr(version, "detector_id", ""))

    def get_label(self, version: AnyVersion) -> str:
        return str(getattr(version, "label", ""))


class DraftSerializer(serializers.Serializer[Any]):
    """A draft: every field of the value, as a version shows them in `parameters`; its own `version` is replaced."""

    parameters = serializers.DictField()
    note = serializers.CharField(max_length=LONGEST_NOTE)
    detector_id = serializers.CharField(
        max_length=120,
        required=False,
        default="",
        allow_blank=True,
        help_text="Only for a sequence policy of one detector.",
    )


class ActivateSerializer(serializers.Serializer[Any]):
    """Why, and instead of which version; null while the shipped one stands."""

    reason = serializers.CharField(max_length=LONGEST_NOTE)
    instead_of = serializers.UUIDField(allow_null=True)


class BacktestSerializer(serializers.Serializer[Any]):
    """A backtest and how far it is; `result` is empty until it is done."""

    id = serializers.UUIDField()
    period_from = serializers.DateTimeField()
    period_to = serializers.DateTimeField()
    cost_model = serializers.UUIDField(source="cost_model_id", allow_null=True)
    triage_policy = serializers.UUIDField(source="triage_policy_id", allow_null=True)
    compared_with = serializers.DictField()
    state = serializers.ChoiceField(choices=BACKTEST_STATES)
    progress = serializers.FloatField()
    alert_count = serializers.IntegerField()
    is_simulated = serializers.BooleanField()
    error = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class BacktestDetailSerializer(BacktestSerializer):
    """With its report: both sides, their change, segments, and what it cannot know."""

    result = serializers.DictField()


class BacktestRequestSerializer(serializers.Serializer[Any]):
    """A period in whole days, UTC, and the versions tried on it; one left out stays as it is active."""

    first_day = serializers.DateField()
    last_day = serializers.DateField()
    cost_model = serializers.UUIDField(required=False, default=None, allow_null=True)
    triage_policy = serializers.UUIDField(required=False, default=None, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            attrs["period"] = whole_days(attrs["first_day"], attrs["last_day"])
        except (ValueError, OverflowError) as fault:
            raise serializers.ValidationError(str(fault)) from fault
        return attrs


class PolicyRefusalSerializer(serializers.Serializer[Any]):
    """Why something was refused, in a sentence."""

    detail = serializers.CharField()
