"""Watchlists in the admin: for looking. Names, pictures and vectors are not shown here."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.admin_base import ReadOnlyAdmin
from apps.watchlists.models import (
    DiscardedObject,
    EntryConfirmation,
    EntryImage,
    EntryName,
    EntryObjection,
    EntryRenewal,
    EntryRun,
    EntrySite,
    FaceEmbedding,
    LeadJudgement,
    LegalGate,
    Sighting,
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
    ]
    list_filter = ["state", "category"]
    search_fields = ["id", "alert__id"]


@admin.register(EntrySite)
class EntrySiteAdmin(ReadOnlyAdmin):
    list_display = ["entry", "site"]
    list_filter = ["site"]
    search_fields = ["entry__id"]


@admin.register(EntryName)
class EntryNameAdmin(ReadOnlyAdmin):
    """Whose entry it is, by reference: the name is shown where looking is recorded."""

    list_display = ["entry", "person"]
    search_fields = ["entry__id", "person__id"]


@admin.register(EntryRenewal)
class EntryRenewalAdmin(ReadOnlyAdmin):
    list_display = ["entry", "valid_days", "review_days", "proposed_at", "settled_at"]
    search_fields = ["entry__id"]
    date_hierarchy = "proposed_at"


@admin.register(EntryObjection)
class EntryObjectionAdmin(ReadOnlyAdmin):
    list_display = ["entry", "received_at", "decided_at", "is_upheld"]
    list_filter = ["is_upheld"]
    search_fields = ["entry__id"]
    date_hierarchy = "received_at"


@admin.register(EntryImage)
class EntryImageAdmin(ReadOnlyAdmin):
    """That there is a picture, and how good; the picture itself is shown where looking is recorded."""

    list_display = ["entry", "source", "width", "height", "quality", "created_at"]
    list_filter = ["source"]
    search_fields = ["entry__id", "sha256"]
    exclude = ["key"]


@admin.register(FaceEmbedding)
class FaceEmbeddingAdmin(ReadOnlyAdmin):
    """That there is a vector, and by which model; never its numbers."""

    list_display = ["entry", "model_id", "quality", "is_active", "created_at"]
    list_filter = ["is_active", "model_id"]
    search_fields = ["entry__id", "model_sha256"]
    exclude = ["vector"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[FaceEmbedding]:
        rows: QuerySet[FaceEmbedding] = super().get_queryset(request)
        return rows.defer("vector")


@admin.register(Sighting)
class SightingAdmin(ReadOnlyAdmin):
    list_display = ["entry", "site", "camera", "seen_at", "confirmed_at"]
    list_filter = ["site"]
    search_fields = ["id", "entry__id", "alert__id"]
    date_hierarchy = "confirmed_at"


@admin.register(LeadJudgement)
class LeadJudgementAdmin(ReadOnlyAdmin):
    list_display = ["lead", "place", "user_id", "answer", "judged_at"]
    list_filter = ["answer"]
    search_fields = ["lead__id"]


@admin.register(DiscardedObject)
class DiscardedObjectAdmin(ReadOnlyAdmin):
    """Files on their way out of the store; one that stays shows why."""

    list_display = ["id", "discarded_at", "tries", "last_error"]
    ordering = ["-discarded_at"]


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
