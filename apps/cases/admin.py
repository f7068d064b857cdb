from django.contrib import admin
from django.urls import reverse
from django.utils.safestring import SafeString

from apps.accounts.admin_base import ReadOnlyAdmin, link
from apps.cases.models import Case, CaseFile, Exhibit, Incident


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    list_display = ["reference", "title", "site", "state", "opened_at", "is_drill", "web_app"]
    list_filter = ["state", "site", "is_drill"]
    search_fields = ["id", "title"]

    @admin.display(description="web app")
    def web_app(self, case: Case) -> SafeString:
        return link(reverse("case", args=[case.id]), "Open case")


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    list_display = ["id", "site", "alert", "case", "occurred_at"]
    list_filter = ["site"]
    search_fields = ["id"]


@admin.register(Exhibit)
class ExhibitAdmin(ReadOnlyAdmin):
    list_display = ["case", "number", "title", "item", "sealed_at"]
    search_fields = ["case__id", "item__sha256"]


@admin.register(CaseFile)
class CaseFileAdmin(ReadOnlyAdmin):
    list_display = ["reference", "case", "recipient", "state", "requested_at", "expires_at"]
    list_filter = ["state", "with_originals"]
    search_fields = ["id", "case__id", "recipient"]
    exclude = ["password_sealed", "link_hash"]
