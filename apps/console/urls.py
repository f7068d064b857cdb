"""The shell's own pages: the queue and the alert page, which put several apps' parts on one screen."""

from django.urls import path

from apps.console import views

urlpatterns = [
    path("", views.queue, name="queue"),
    path("queue/new/", views.queue_news, name="queue-news"),
    path("alerts/<uuid:alert_id>/", views.alert, name="alert"),
    path("alerts/<uuid:alert_id>/history/", views.alert_history, name="alert-history"),
]
