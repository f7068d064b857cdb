from django.contrib import admin

from apps.accounts.admin_base import ReadOnlyAdmin
from apps.reliability.models import CostModelVersion


@admin.register(CostModelVersion)
class CostModelVersionAdmin(ReadOnlyAdmin):
    """Versions are written by operations, so that what decided an alert stays what it was."""

    list_display = ["version", "is_active", "created_at", "created_by"]
    list_filter = ["is_active"]
