from django.contrib import admin

from apps.accounts.admin_base import ReadOnlyAdmin
from apps.evidence.models import (
    CustodyEvent,
    EvidenceItem,
    Hold,
    RetentionFinding,
    RetentionPeriod,
    RetentionRules,
    RetentionRun,
    Tombstone,
)


@admin.register(EvidenceItem)
class EvidenceItemAdmin(ReadOnlyAdmin):
    list_display = ["id", "kind", "alert", "size_bytes", "acquired_at", "state", "check_outcome"]
    list_filter = ["kind", "state", "check_outcome"]
    search_fields = ["id", "sha256"]
    date_hierarchy = "acquired_at"


@admin.register(CustodyEvent)
class CustodyEventAdmin(ReadOnlyAdmin):
    list_display = ["evidence_item_id", "action", "actor_role", "actor_id", "happened_at"]
    list_filter = ["action"]
    search_fields = ["evidence_item_id", "sha256"]


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = ["id", "kind", "state", "placed_by", "placed_at", "released_at"]
    list_filter = ["kind", "state"]


@admin.register(RetentionRules)
class RetentionRulesAdmin(ReadOnlyAdmin):
    list_display = ["number", "state", "drafted_by", "drafted_at", "activated_at"]
    list_filter = ["state"]


@admin.register(RetentionPeriod)
class RetentionPeriodAdmin(ReadOnlyAdmin):
    list_display = ["rules", "category", "days"]
    list_filter = ["category"]


@admin.register(RetentionRun)
class RetentionRunAdmin(ReadOnlyAdmin):
    list_display = ["started_at", "ended_at", "deleted", "failed", "missing", "orphans"]


@admin.register(RetentionFinding)
class RetentionFindingAdmin(ReadOnlyAdmin):
    list_display = ["found_at", "kind", "bucket", "key"]
    list_filter = ["kind"]


@admin.register(Tombstone)
class TombstoneAdmin(ReadOnlyAdmin):
    list_display = ["thing", "thing_id", "category", "deleted_at", "rules_number"]
    list_filter = ["thing", "category"]
    search_fields = ["thing_id", "sha256"]
