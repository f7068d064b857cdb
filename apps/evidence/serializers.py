"""Evidence over the API: explicit shapes in and out."""

from typing import Any

from rest_framework import serializers

from apps.evidence.models import EvidenceItem, Hold, RetentionRules, RetentionRun
from apps.evidence.operations.holds import LEAST_REASON, LONGEST_REASON
from apps.evidence.retention_rules import LONGEST_DAYS, Category


class ObstacleData(serializers.Serializer[Any]):
    ground = serializers.CharField()
    words = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True, help_text="Null: only a person ends it.")


class StandingData(serializers.Serializer[Any]):
    """When a file is deleted, and everything that keeps it, strongest first."""

    category = serializers.CharField()
    rules_number = serializers.IntegerField(help_text="Version of the periods; 0: the defaults.")
    days = serializers.IntegerField()
    due_at = serializers.DateTimeField(allow_null=True)
    obstacles = ObstacleData(many=True)


class EvidenceData(serializers.ModelSerializer[EvidenceItem]):
    """A file: its digests (an empty `sha512` is not known yet), its state, its last check."""

    alert = serializers.UUIDField(source="alert_id")
    derived_from = serializers.UUIDField(source="derived_from_id", allow_null=True)

    class Meta:
        model = EvidenceItem
        fields = [
            *("id", "alert", "kind", "derived_from", "media_type", "size_bytes", "original_name"),
            *("sha256", "sha512", "acquired_at", "retain_until", "state", "deleted_at"),
            *("check_outcome", "checked_at"),
        ]


class CustodyData(serializers.Serializer[Any]):
    action = serializers.CharField()
    actor_id = serializers.UUIDField(allow_null=True)
    actor_role = serializers.CharField()
    sha256 = serializers.CharField()
    happened_at = serializers.DateTimeField()


class EvidenceDetail(EvidenceData):
    """A file with its custody and what keeps it; `standing` is null once it is deleted."""

    standing = StandingData(allow_null=True)
    custody = CustodyData(many=True)

    class Meta(EvidenceData.Meta):
        fields = [*EvidenceData.Meta.fields, "standing", "custody"]


class HoldData(serializers.ModelSerializer[Hold]):
    class Meta:
        model = Hold
        fields = [
            *("id", "kind", "item", "alert", "case_id", "state", "reason"),
            *("placed_by", "placed_role", "placed_at"),
            *("released_by", "release_reason", "released_at"),
        ]


class HoldStated(serializers.Serializer[Any]):
    """Exactly one of `item`, `alert`, `case`, and why."""

    item = serializers.UUIDField(required=False)
    alert = serializers.UUIDField(required=False)
    case = serializers.UUIDField(required=False)
    reason = serializers.CharField(min_length=LEAST_REASON, max_length=LONGEST_REASON)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len({"item", "alert", "case"} & set(attrs)) != 1:
            raise serializers.ValidationError("Name one item, one alert or one case.")
        return attrs


class ReasonStated(serializers.Serializer[Any]):
    reason = serializers.CharField(min_length=LEAST_REASON, max_length=LONGEST_REASON)


class PeriodsStated(serializers.Serializer[Any]):
    """Days by category, complete."""

    days = serializers.DictField(
        child=serializers.IntegerField(min_value=1, max_value=LONGEST_DAYS)
    )
    reason = serializers.CharField(min_length=LEAST_REASON, max_length=LONGEST_REASON)

    def validate_days(self, value: dict[str, int]) -> dict[Category, int]:
        if set(value) != {category.value for category in Category}:
            raise serializers.ValidationError(f"Name each of {', '.join(Category)}, and no other.")
        return {Category(name): days for name, days in value.items()}


class RunData(serializers.ModelSerializer[RetentionRun]):
    class Meta:
        model = RetentionRun
        fields = [
            *("id", "rules_number", "started_at", "ended_at", "examined", "deleted"),
            *("deleted_bytes", "failed", "missing", "orphans", "kept", "digest"),
        ]


class VersionData(serializers.ModelSerializer[RetentionRules]):
    class Meta:
        model = RetentionRules
        fields = ["id", "number", "state", "reason", "drafted_at", "activated_at"]


class RetentionData(serializers.Serializer[Any]):
    """The periods in force, the versions and the last runs."""

    number = serializers.IntegerField()
    days = serializers.DictField(child=serializers.IntegerField())
    versions = VersionData(many=True)
    runs = RunData(many=True)


class TrialLine(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.UUIDField()
    size_bytes = serializers.IntegerField()
    due_at = serializers.DateTimeField(source="standing.due_at")
    words = serializers.CharField(source="standing.decisive.words")


class KeptLine(serializers.Serializer[Any]):
    category = serializers.CharField()
    words = serializers.CharField()
    count = serializers.IntegerField()


class TrialData(serializers.Serializer[Any]):
    """What a run would do now; `due` lists the first hundred."""

    due_count = serializers.IntegerField()
    due_bytes = serializers.IntegerField()
    kept_count = serializers.IntegerField()
    due = TrialLine(many=True)
    kept = KeptLine(many=True)


class CheckData(serializers.Serializer[Any]):
    outcome = serializers.CharField(help_text="intact, altered, missing, or unread.")
