"""Watchlists in the admin: for looking. Names, pictures and vectors are not shown here."""

from django.contrib import admin
from django.urls import reverse
from django.utils.safestring import SafeString

from apps.accounts.admin_base import ReadOnlyAdmin, link
from apps.watchlists.models import (
    EntryConfirmation,
    EntryRun,
    LegalGate,
    SightingLead,
    WatchlistEntry,
)


@admin.register(LegalGate)
class LegalGateAdmin(ReadOnlyAdmin):
    list_display = [
        "version",
        "lawful_basis",
        "dpia_version",
        "signed_on",
        "valid_until",
        "is_withdrawn",
        "recorded_at",
    ]


@admin.register(WatchlistEntry)
class WatchlistEntryAdmin(ReadOnlyAdmin):
    list_display = [
        "reference",
        "category",
        "state",
        "expires_at",
        "review_due_at",
        "proposed_at",
        "web_app",
    ]
    list_filter = ["state", "category"]
    search_fields = ["id", "alert__id"]

    @admin.display(description="web app")
    def web_app(self, entry: WatchlistEntry) -> SafeString:
        return link(reverse("watchlist-entry", args=[entry.id]), "Open entry")


@admin.register(EntryConfirmation)
class EntryConfirmationAdmin(ReadOnlyAdmin):
    list_display = ["entry", "act", "user_id", "role", "object_version", "confirmed_at"]
    list_filter = ["act"]
    search_fields = ["entry__id"]


@admin.register(SightingLead)
class SightingLeadAdmin(ReadOnlyAdmin):
    list_display = ["reference", "entry", "site", "score", "state", "closed_code", "raised_at"]
    list_filter = ["state", "site"]
    search_fields = ["id", "entry__id", "alert__id"]
    exclude = ["crop_key"]


@admin.register(EntryRun)
class EntryRunAdmin(ReadOnlyAdmin):
    list_display = ["entry", "state", "run_id", "run_number", "started_at", "last_error"]
    list_filter = ["state"]
