"""Human tasks, attempts, confirmations and interventions in the admin: for looking."""

from django.contrib import admin

from apps.accounts.admin_base import ReadOnlyAdmin
from apps.reviews.models import (
    AlertNote,
    BlindJudgement,
    Confirmation,
    DecisionAttempt,
    HumanTask,
    Intervention,
    InterventionEntry,
    ItemMember,
    Playback,
    Reveal,
    ReviewItem,
)


@admin.register(HumanTask)
class HumanTaskAdmin(ReadOnlyAdmin):
    list_display = ["alert", "kind", "state", "assignee", "opened_at", "due_at", "escalated_at"]
    list_filter = ["state", "kind"]
    search_fields = ["alert__id"]


@admin.register(ReviewItem)
class ReviewItemAdmin(ReadOnlyAdmin):
    list_display = ["id", "site", "lead", "state", "opened_at", "settings_version"]
    list_filter = ["state", "site"]
    search_fields = ["id", "lead__id"]


@admin.register(ItemMember)
class ItemMemberAdmin(ReadOnlyAdmin):
    list_display = ["alert", "item", "starts_at", "joined_at", "split_at", "split_reason"]
    search_fields = ["alert__id", "item__id"]


@admin.register(AlertNote)
class AlertNoteAdmin(ReadOnlyAdmin):
    list_display = ["id", "alert", "written_by", "written_at"]
    search_fields = ["id", "alert__id"]
    exclude = ["text"]


@admin.register(DecisionAttempt)
class DecisionAttemptAdmin(ReadOnlyAdmin):
    list_display = ["id", "alert", "user", "role", "state", "prepared_at", "outcome_code"]
    list_filter = ["state", "channel"]
    search_fields = ["id", "alert__id"]
    exclude = ["token_hash", "session_hash"]


@admin.register(Confirmation)
class ConfirmationAdmin(ReadOnlyAdmin):
    list_display = ["id", "task", "user", "role", "viewed_ms", "confirmed_at"]
    search_fields = ["id", "payload_digest"]


@admin.register(Playback)
class PlaybackAdmin(ReadOnlyAdmin):
    list_display = ["alert", "user", "from_ms", "to_ms", "played_at"]
    search_fields = ["alert__id"]


@admin.register(Intervention)
class InterventionAdmin(ReadOnlyAdmin):
    list_display = ["alert", "kind", "outcome", "authorised_by", "authorised_at"]
    list_filter = ["kind", "outcome"]
    search_fields = ["alert__id"]


@admin.register(InterventionEntry)
class InterventionEntryAdmin(ReadOnlyAdmin):
    list_display = ["intervention", "step", "outcome", "recorded_at", "supersedes"]
    list_filter = ["step", "outcome"]
    search_fields = ["id", "intervention__id"]
    date_hierarchy = "recorded_at"


@admin.register(BlindJudgement)
class BlindJudgementAdmin(ReadOnlyAdmin):
    list_display = ["alert", "proposed", "verdict", "agrees", "judged_at"]
    list_filter = ["proposed", "verdict", "agrees"]
    search_fields = ["alert__id"]
    date_hierarchy = "judged_at"


@admin.register(Reveal)
class RevealAdmin(ReadOnlyAdmin):
    list_display = ["alert", "user", "role", "reason", "revealed_at", "expires_at", "covered_at"]
    search_fields = ["alert__id"]
