from django.contrib import admin
from django.urls import reverse
from django.utils.safestring import SafeString

from apps.accounts.admin_base import ReadOnlyAdmin, link
from apps.reports.models import Report, ReportSignature, ReportVersion


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ["reference", "kind", "case", "state", "created_at", "web_app"]
    list_filter = ["kind", "state"]
    search_fields = ["id", "case__id"]

    @admin.display(description="web app")
    def web_app(self, report: Report) -> SafeString:
        return link(reverse("report", args=[report.case_id, report.id]), "Open report")


@admin.register(ReportVersion)
class ReportVersionAdmin(ReadOnlyAdmin):
    list_display = ["report", "number", "origin", "digest", "made_at"]
    list_filter = ["origin"]
    search_fields = ["report__id", "digest"]


@admin.register(ReportSignature)
class ReportSignatureAdmin(ReadOnlyAdmin):
    list_display = ["report", "version", "user_id", "digest", "signed_at"]
    search_fields = ["report__id", "digest"]
