"""Endpoints of notifications, under /api/v1/."""

from django.urls import path

from apps.notifications import api

urlpatterns = [
    path("notifications/", api.NotificationsView.as_view(), name="api-notifications"),
    path("notifications/read/", api.ReadAllView.as_view(), name="api-notifications-read"),
    path("notifications/choice/", api.ChoiceView.as_view(), name="api-notification-choice"),
    path(
        "notifications/<uuid:notification_id>/read/",
        api.ReadOneView.as_view(),
        name="api-notification-read",
    ),
]
