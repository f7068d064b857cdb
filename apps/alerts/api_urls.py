"""Addresses of the alerts API, under /api/v1/."""

from django.urls import path

from apps.alerts import api, recordings_api, saliency_api

urlpatterns = [
    path("alerts/", api.AlertsView.as_view(), name="api-alerts"),
    path("recordings/", recordings_api.RecordingsView.as_view(), name="api-recordings"),
    path("alerts/<uuid:alert_id>/", api.AlertView.as_view(), name="api-alert"),
    path("alerts/<uuid:alert_id>/clip/", api.AlertClipView.as_view(), name="api-alert-clip"),
    path(
        "alerts/<uuid:alert_id>/saliency/",
        saliency_api.AlertSaliencyView.as_view(),
        name="api-alert-saliency",
    ),
]
