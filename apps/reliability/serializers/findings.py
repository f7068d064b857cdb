"""Shapes of what was learned: segments, fairness, retraining."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.reliability.atlas_filters import AtlasFilters, AtlasLevel
from apps.reliability.models import FairnessAlarm, FairnessSample, SegmentFinding
from apps.reliability.queries.retraining import Basis, Reason
from apps.triage.fairness_settings import FairnessMeasure, FairnessVerdict
from apps.triage.segments import ReliabilityState

RELIABILITY_STATES = [(state.value, state.value) for state in ReliabilityState]
VERDICTS = [(verdict.value, verdict.value) for verdict in FairnessVerdict]
MEASURES = [(measure.value, measure.value) for measure in FairnessMeasure]


class Week(serializers.Serializer[dict[str, Any]]):
    """The judged alerts of one week."""

    week = serializers.CharField()
    labels = serializers.IntegerField()
    false = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True)


class SegmentFacts(serializers.ModelSerializer[SegmentFinding]):
    """One segment; an empty dimension means any. Rates are shares of 1 with their 90% interval."""

    state = serializers.ChoiceField(choices=RELIABILITY_STATES, read_only=True)
    is_simulated = serializers.BooleanField(source="refresh.is_simulated", read_only=True)
    labels_until = serializers.DateTimeField(source="refresh.labels_until", read_only=True)
    weekly = Week(many=True, read_only=True)

    class Meta:
        model = SegmentFinding
        fields = [
            "id",
            "site_id",
            "camera_id",
            "zone_kind",
            "lighting",
            "daypart",
            "weekday",
            "crowding",
            "detector_version",
            "state",
            "false_positive_rate",
            "low",
            "high",
            "probability_above_limit",
            "alert_count",
            "label_count",
            "labels_needed",
            "is_found",
            "q_value",
            "drift",
            "weekly",
            "labels_until",
            "is_simulated",
        ]
        read_only_fields = fields


class SegmentQuery(serializers.Serializer[AtlasFilters]):
    """Filters of the segments; a value that cannot be read is an error here."""

    site = serializers.UUIDField(required=False)
    camera = serializers.UUIDField(required=False)
    zone_kind = serializers.CharField(required=False, max_length=20)
    lighting = serializers.CharField(required=False, max_length=20)
    daypart = serializers.CharField(required=False, max_length=20)
    weekday = serializers.CharField(required=False, max_length=10)
    crowding = serializers.CharField(required=False, max_length=20)
    detector = serializers.CharField(required=False, max_length=190, help_text="id@version")
    state = serializers.ChoiceField(required=False, choices=RELIABILITY_STATES)
    level = serializers.ChoiceField(
        required=False, choices=[(level.value, level.value) for level in AtlasLevel]
    )
    found = serializers.BooleanField(
        required=False, help_text="Only segments the search for bad segments found."
    )


class GroupRateFacts(serializers.Serializer[Any]):
    """One group under one measure; differences and ratios are to the rate of all groups."""

    group = serializers.CharField()
    count = serializers.IntegerField()
    events = serializers.IntegerField()
    rate = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    difference = serializers.FloatField()
    difference_low = serializers.FloatField()
    difference_high = serializers.FloatField()
    ratio = serializers.FloatField(allow_null=True)
    ratio_low = serializers.FloatField(allow_null=True)
    ratio_high = serializers.FloatField(allow_null=True)
    verdict = serializers.ChoiceField(choices=VERDICTS)


class MeasureFacts(serializers.Serializer[Any]):
    """All groups under one measure."""

    measure = serializers.ChoiceField(choices=MEASURES)
    rate = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    largest_difference = serializers.FloatField()
    smallest_ratio = serializers.FloatField(allow_null=True)
    groups = GroupRateFacts(many=True)
    verdict = serializers.ChoiceField(choices=VERDICTS)


class AttributeFacts(serializers.Serializer[Any]):
    """One attribute; `insufficient_n` is no pass."""

    attribute = serializers.CharField()
    count = serializers.IntegerField()
    verdict = serializers.ChoiceField(choices=VERDICTS)
    measures = MeasureFacts(many=True)


class FairnessThresholds(serializers.Serializer[Any]):
    """The tenant's thresholds when the sample was judged."""

    largest_difference = serializers.FloatField()
    largest_ratio = serializers.FloatField(allow_null=True)
    least_rows = serializers.IntegerField()
    confidence = serializers.FloatField()
    alarm_error = serializers.FloatField()


class FairnessReportFacts(serializers.ModelSerializer[FairnessSample]):
    """An audit sample with its rates by group. The rows themselves are not handed out."""

    thresholds = serializers.SerializerMethodField()
    attributes = serializers.SerializerMethodField()
    method = serializers.CharField(read_only=True, help_text="How it was drawn and labelled.")
    statistics = serializers.CharField(source="report.rates.method", read_only=True)

    class Meta:
        model = FairnessSample
        fields = [
            "id",
            "name",
            "method",
            "drawn_from",
            "drawn_to",
            "row_count",
            "sha256",
            "is_simulated",
            "imported_at",
            "thresholds",
            "statistics",
            "attributes",
        ]
        read_only_fields = fields

    @extend_schema_field(FairnessThresholds)
    def get_thresholds(self, sample: FairnessSample) -> Any:
        return sample.report["rates"]["settings"]

    @extend_schema_field(AttributeFacts(many=True))
    def get_attributes(self, sample: FairnessSample) -> Any:
        return sample.report["rates"]["attributes"]


class FairnessAlarmFacts(serializers.ModelSerializer[FairnessAlarm]):
    """An alarm of a sequential test; open until a person closes it."""

    measure = serializers.ChoiceField(choices=MEASURES, read_only=True)
    group = serializers.CharField(source="details.group", read_only=True)
    e_value = serializers.FloatField(source="details.e_value", read_only=True)
    bound = serializers.FloatField(source="details.bound", read_only=True)

    class Meta:
        model = FairnessAlarm
        fields = [
            "id",
            "attribute",
            "detector",
            "measure",
            "group",
            "e_value",
            "bound",
            "raised_at",
            "closed_at",
            "closed_by",
            "closing_reason",
        ]
        read_only_fields = fields


class AlarmClosing(serializers.Serializer[Any]):
    """Why an alarm is closed."""

    reason = serializers.CharField(min_length=10, max_length=2_000)


class RetrainingChoice(serializers.Serializer[Any]):
    """Which alerts to export: those the filters name, or of them the chosen facts."""

    basis = serializers.ChoiceField(
        choices=[(basis.value, basis.value) for basis in Basis], required=False
    )
    detector = serializers.CharField(required=False, max_length=190, help_text="id@version")
    site = serializers.UUIDField(required=False)
    least_score = serializers.FloatField(required=False, min_value=0, max_value=1)
    facts = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=10_000)


class TrainingSegment(serializers.Serializer[Any]):
    """The conditions of an alert; null where not known."""

    site = serializers.UUIDField(allow_null=True)
    camera = serializers.UUIDField(allow_null=True)
    zone_kind = serializers.CharField(allow_null=True)
    lighting = serializers.CharField(allow_null=True)
    daypart = serializers.CharField(allow_null=True)
    weekday = serializers.CharField(allow_null=True)
    crowding = serializers.CharField(allow_null=True)
    reliability = serializers.ChoiceField(choices=RELIABILITY_STATES)


class TrainingLine(serializers.Serializer[Any]):
    """One line of the export: ids, figures, verdict; nothing personal."""

    id = serializers.UUIDField()
    alert_id = serializers.UUIDField(allow_null=True)
    external_id = serializers.CharField(allow_null=True)
    origin = serializers.CharField()
    happened_at = serializers.DateTimeField()
    detector = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # DRF fields have one of their own
    score = serializers.FloatField()
    signals = serializers.DictField(child=serializers.FloatField())
    sequence = serializers.CharField()
    segment = TrainingSegment()
    probability = serializers.FloatField(allow_null=True)
    verdict = serializers.CharField(allow_null=True)
    sampling_probability = serializers.FloatField()
    reasons = serializers.ListField(
        child=serializers.ChoiceField(choices=[(reason.value, reason.value) for reason in Reason])
    )
