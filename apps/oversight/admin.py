"""Admin of oversight: for looking. Everything is written on its own pages and by the workers."""

from django.contrib import admin

from apps.accounts.admin_base import ReadOnlyAdmin
from apps.oversight.models import (
    ClockReminder,
    Notice,
    PublishedModel,
    RecordsExport,
    RiskRegisterVersion,
    SystemCardVersion,
    SystemIncident,
)


@admin.register(PublishedModel)
class PublishedModelAdmin(ReadOnlyAdmin):
    list_display = ["model_id", "version", "job", "sha256", "published_at"]


@admin.register(SystemCardVersion)
class SystemCardVersionAdmin(ReadOnlyAdmin):
    list_display = ["version", "digest", "created_at"]


@admin.register(RiskRegisterVersion)
class RiskRegisterVersionAdmin(ReadOnlyAdmin):
    list_display = ["version", "digest", "reason", "created_by", "created_at"]


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ["site", "language", "version", "created_by", "created_at"]
    list_filter = ["site", "language"]


@admin.register(SystemIncident)
class SystemIncidentAdmin(ReadOnlyAdmin):
    list_display = ["reference", "state", "seriousness", "reported_at", "due_at", "closed_at"]
    list_filter = ["state", "seriousness"]


@admin.register(RecordsExport)
class RecordsExportAdmin(ReadOnlyAdmin):
    list_display = ["kind", "state", "from_at", "to_at", "requested_at", "size_bytes"]
    list_filter = ["kind", "state"]


@admin.register(ClockReminder)
class ClockReminderAdmin(ReadOnlyAdmin):
    list_display = ["kind", "subject", "due_at", "stage", "reminded_at"]
    list_filter = ["kind", "stage"]
