from django.contrib import admin

from apps.accounts.admin_base import ReadOnlyAdmin
from apps.evidence.models import CustodyEvent, EvidenceItem


@admin.register(EvidenceItem)
class EvidenceItemAdmin(ReadOnlyAdmin):
    list_display = ["id", "kind", "alert", "size_bytes", "acquired_at", "retain_until"]
    list_filter = ["kind"]
    search_fields = ["id", "sha256"]
    date_hierarchy = "acquired_at"


@admin.register(CustodyEvent)
class CustodyEventAdmin(ReadOnlyAdmin):
    list_display = ["evidence_item_id", "action", "actor_role", "actor_id", "happened_at"]
    list_filter = ["action"]
    search_fields = ["evidence_item_id", "sha256"]
