from django.contrib import admin

from apps.accounts.admin_base import ReadOnlyAdmin
from apps.reports.models import Report, ReportSignature, ReportVersion


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ["reference", "kind", "case", "state", "created_at"]
    list_filter = ["kind", "state"]
    search_fields = ["id", "case__id"]


@admin.register(ReportVersion)
class ReportVersionAdmin(ReadOnlyAdmin):
    list_display = ["report", "number", "origin", "digest", "made_at"]
    list_filter = ["origin"]
    search_fields = ["report__id", "digest"]


@admin.register(ReportSignature)
class ReportSignatureAdmin(ReadOnlyAdmin):
    list_display = ["report", "version", "user_id", "digest", "signed_at"]
    search_fields = ["report__id", "digest"]
