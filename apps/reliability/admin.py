"""For looking: versions, fits and facts are written by operations, so that what decided an alert stays what it was."""

from django.contrib import admin

from apps.accounts.admin_base import ReadOnlyAdmin
from apps.reliability.models import (
    AlertFact,
    Backtest,
    CostModelVersion,
    FairnessAlarm,
    FairnessRow,
    FairnessSample,
    ProbabilityModelVersion,
    ReliabilityRefresh,
    SegmentFinding,
    SequencePolicyVersion,
    SurrogateVersion,
    TriageBasis,
    TriagePolicyVersion,
)


@admin.register(CostModelVersion, TriagePolicyVersion)
class VersionAdmin(ReadOnlyAdmin):
    list_display = ["version", "is_active", "note", "created_at", "activated_at"]
    list_filter = ["is_active"]
    search_fields = ["note"]


@admin.register(SequencePolicyVersion)
class SequencePolicyVersionAdmin(VersionAdmin):
    list_display = ["label", "detector_id", "version", "is_active", "note", "created_at"]
    search_fields = ["label", "detector_id", "note"]


@admin.register(TriageBasis)
class TriageBasisAdmin(ReadOnlyAdmin):
    list_display = ["tenant", "revision", "minute_shadow_price", "priced_at"]


@admin.register(ProbabilityModelVersion)
class ProbabilityModelVersionAdmin(ReadOnlyAdmin):
    list_display = [
        "detector_id",
        "detector_version",
        "version",
        "is_active",
        "label_count",
        "is_simulated",
        "labels_until",
    ]
    list_filter = ["is_active", "is_simulated"]
    search_fields = ["detector_id", "detector_version"]


@admin.register(SurrogateVersion)
class SurrogateVersionAdmin(ProbabilityModelVersionAdmin):
    list_display = ["detector_id", "detector_version", "version", "is_active", "fidelity"]


@admin.register(ReliabilityRefresh)
class ReliabilityRefreshAdmin(ReadOnlyAdmin):
    list_display = ["version", "is_active", "label_count", "is_simulated", "labels_until"]
    list_filter = ["is_active", "is_simulated"]


@admin.register(SegmentFinding)
class SegmentFindingAdmin(ReadOnlyAdmin):
    list_display = [
        "refresh",
        "state",
        "false_positive_rate",
        "label_count",
        "labels_needed",
        "is_found",
        "drift",
    ]
    list_filter = ["state", "is_found", "drift", "lighting", "daypart"]


@admin.register(AlertFact)
class AlertFactAdmin(ReadOnlyAdmin):
    list_display = ["happened_at", "origin", "label", "score", "outcome", "verdict"]
    list_filter = ["origin", "outcome", "verdict", "is_drill"]
    search_fields = ["alert_id", "external_id"]


@admin.register(FairnessSample)
class FairnessSampleAdmin(ReadOnlyAdmin):
    list_display = ["name", "drawn_from", "drawn_to", "row_count", "is_simulated", "imported_at"]
    search_fields = ["name"]


@admin.register(FairnessRow)
class FairnessRowAdmin(ReadOnlyAdmin):
    list_display = ["sample", "day", "attribute", "group", "was_false", "was_escalated"]
    list_filter = ["attribute", "was_false", "was_escalated"]


@admin.register(FairnessAlarm)
class FairnessAlarmAdmin(ReadOnlyAdmin):
    list_display = ["attribute", "measure", "detector", "raised_at", "closed_at"]
    list_filter = ["attribute", "measure"]


@admin.register(Backtest)
class BacktestAdmin(ReadOnlyAdmin):
    list_display = ["period_from", "period_to", "state", "alert_count", "created_at"]
    list_filter = ["state"]
