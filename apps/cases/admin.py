from django.contrib import admin

from apps.accounts.admin_base import ReadOnlyAdmin
from apps.cases.models import (
    AlertLink,
    Case,
    CaseAct,
    CaseFile,
    CaseLink,
    CasePerson,
    CaseTask,
    Exhibit,
    Incident,
    Note,
    NoteVersion,
)


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    list_display = ["reference", "title", "site", "state", "opened_at", "is_drill"]
    list_filter = ["state", "site", "is_drill"]
    search_fields = ["id", "title"]


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


@admin.register(AlertLink)
class AlertLinkAdmin(ReadOnlyAdmin):
    list_display = ["case", "alert", "made_at", "ended_at"]
    search_fields = ["case__id", "alert__id"]


@admin.register(CaseLink)
class CaseLinkAdmin(ReadOnlyAdmin):
    list_display = ["case", "other", "relation", "made_at", "ended_at"]
    list_filter = ["relation"]
    search_fields = ["case__id", "other__id"]


@admin.register(CasePerson)
class CasePersonAdmin(ReadOnlyAdmin):
    list_display = ["case", "person", "role", "made_at", "ended_at"]
    list_filter = ["role"]
    search_fields = ["case__id", "person__id"]
    exclude = ["observed_sealed"]


@admin.register(CaseAct)
class CaseActAdmin(ReadOnlyAdmin):
    list_display = ["kind", "source", "target", "acted_at"]
    list_filter = ["kind"]
    search_fields = ["source__id", "target__id"]


@admin.register(Note)
class NoteAdmin(ReadOnlyAdmin):
    list_display = ["id", "case", "written_at"]
    search_fields = ["case__id"]


@admin.register(NoteVersion)
class NoteVersionAdmin(ReadOnlyAdmin):
    list_display = ["note", "number", "written_at"]
    search_fields = ["note__id"]
    exclude = ["text_sealed"]


@admin.register(CaseTask)
class CaseTaskAdmin(ReadOnlyAdmin):
    list_display = ["case", "title", "kind", "due_at", "done_at"]
    list_filter = ["kind"]
    search_fields = ["case__id", "title"]
