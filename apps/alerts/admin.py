"""Alerts in the admin: for looking. Detector sources are the one thing set up here."""

from django.contrib import admin
from django.urls import reverse
from django.utils.safestring import SafeString

from apps.accounts.admin_base import AuditedAdmin, ReadOnlyAdmin, link
from apps.alerts.models import Alert, Assessment, Clip, DetectorSource, Disposition, OutboxEntry
from apps.audit.events import Event


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = [
        "reference",
        "label",
        "site",
        "camera",
        "state",
        "strategy",
        "received_at",
        "links",
    ]
    list_filter = ["state", "strategy", "site", "is_drill"]
    search_fields = ["id", "label", "detector_id"]
    date_hierarchy = "received_at"

    @admin.display(description="see also")
    def links(self, alert: Alert) -> SafeString:
        page = link(reverse("alert", args=[alert.id]), "Web app")
        run = link(
            f"/operations/temporal/namespaces/default/workflows/alert%2F{alert.id}", "Temporal run"
        )
        return page + SafeString(" · ") + run


@admin.register(Clip)
class ClipAdmin(ReadOnlyAdmin):
    list_display = ["alert", "state", "delivery", "container", "size_bytes", "duration_ms"]
    list_filter = ["state", "delivery"]
    search_fields = ["alert__id", "sha256"]


@admin.register(Assessment)
class AssessmentAdmin(ReadOnlyAdmin):
    list_display = ["alert", "outcome", "digest", "created_at"]
    list_filter = ["outcome"]
    search_fields = ["alert__id", "digest"]


@admin.register(Disposition)
class DispositionAdmin(ReadOnlyAdmin):
    list_display = ["alert", "verdict", "decided_by", "decided_at", "supersedes"]
    list_filter = ["verdict"]
    search_fields = ["alert__id"]


@admin.register(OutboxEntry)
class OutboxEntryAdmin(ReadOnlyAdmin):
    list_display = ["alert", "state", "tries", "next_try_at", "run_number", "last_error"]
    list_filter = ["state"]
    search_fields = ["alert__id"]


@admin.register(DetectorSource)
class DetectorSourceAdmin(AuditedAdmin):
    """Switching a source off and classifying it; its secret is made by `manage.py source_create`."""

    kind = "source"
    changed_event = Event.SOURCE_CHANGED
    audited_fields = ["name", "is_active", "ai_act_class", "ai_act_rationale"]
    list_display = ["name", "id", "is_active", "ai_act_class", "created_at"]
    fields = ["name", "is_active", "ai_act_class", "ai_act_rationale", "created_at"]
    readonly_fields = ["created_at"]

    def has_add_permission(self, request: object, obj: object = None) -> bool:
        return False
