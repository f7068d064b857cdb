from django.contrib import admin

from apps.accounts.admin_base import ReadOnlyAdmin
from apps.subject_requests.models import (
    DisclosurePackage,
    Erasure,
    ErasureItem,
    Finding,
    RecipientNotice,
    RequestHold,
    SubjectRequest,
)


@admin.register(SubjectRequest)
class SubjectRequestAdmin(ReadOnlyAdmin):
    list_display = ["reference", "kind", "state", "received_at", "due_at", "ended_at"]
    list_filter = ["kind", "state"]
    search_fields = ["id"]
    exclude = ["contact_sealed", "words_sealed", "outcome_sealed"]


@admin.register(Finding)
class FindingAdmin(ReadOnlyAdmin):
    list_display = ["request", "kind", "label", "state", "judged_at"]
    list_filter = ["kind", "state"]
    search_fields = ["request__id", "object_id"]
    exclude = ["reason_sealed"]


@admin.register(DisclosurePackage)
class DisclosurePackageAdmin(ReadOnlyAdmin):
    list_display = ["request", "asked_at", "written_at", "expires_at", "removed_at"]
    search_fields = ["request__id"]
    exclude = ["link_hash"]


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    list_display = ["request", "asked_at", "executed_at", "completed_at"]
    search_fields = ["request__id", "person__id"]


@admin.register(ErasureItem)
class ErasureItemAdmin(ReadOnlyAdmin):
    list_display = ["erasure", "kind", "object_id", "obstacle", "due_at", "done_at"]
    list_filter = ["kind", "obstacle"]
    search_fields = ["erasure__id", "object_id"]


@admin.register(RecipientNotice)
class RecipientNoticeAdmin(ReadOnlyAdmin):
    list_display = ["erasure", "case_file_id", "told_at"]


@admin.register(RequestHold)
class RequestHoldAdmin(ReadOnlyAdmin):
    list_display = ["request", "hold"]
    search_fields = ["request__id", "hold__id"]
