"""Notifications in the admin: for looking. What a person hears of is theirs to choose."""

from django.contrib import admin

from apps.accounts.admin_base import ReadOnlyAdmin
from apps.notifications.models import (
    Notification,
    NotificationChoice,
    NotificationCursor,
    NotificationMail,
)


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ["words", "reference", "user", "kind", "occurred_at", "read_at"]
    list_filter = ["kind", "on_screen"]
    list_select_related = ["user"]
    search_fields = ["id", "event_id", "reference"]
    date_hierarchy = "occurred_at"


@admin.register(NotificationMail)
class NotificationMailAdmin(ReadOnlyAdmin):
    list_display = ["notification", "state", "tries", "problem", "tried_at", "next_try_at"]
    list_filter = ["state", "problem"]
    list_select_related = ["notification"]
    search_fields = ["notification__id", "notification__reference"]


@admin.register(NotificationChoice)
class NotificationChoiceAdmin(ReadOnlyAdmin):
    list_display = ["user", "quiet_from", "quiet_until", "timezone", "language", "chosen_at"]
    list_select_related = ["user"]
    search_fields = ["user__email"]


@admin.register(NotificationCursor)
class NotificationCursorAdmin(ReadOnlyAdmin):
    list_display = ["tenant", "next_index"]
