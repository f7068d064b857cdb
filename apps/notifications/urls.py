"""Addresses of the pages of notifications."""

from django.urls import path

from apps.notifications import views

urlpatterns = [
    path("notifications/", views.notifications, name="notifications"),
    path("notifications/bell/", views.bell, name="notification-bell"),
    path("notifications/choose/", views.choice, name="notification-choice"),
    path("notifications/read/", views.read_all, name="notifications-read"),
    path("notifications/<uuid:notification_id>/read/", views.read_one, name="notification-read"),
]
