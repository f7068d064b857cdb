"""Saved views, for looking: they are their owners'."""

from django.contrib import admin

from apps.accounts.admin_base import ReadOnlyAdmin
from apps.console.models import SavedView


@admin.register(SavedView)
class SavedViewAdmin(ReadOnlyAdmin):
    list_display = ["name", "user", "query", "saved_at"]
    list_filter = ["user"]
    search_fields = ["name"]
