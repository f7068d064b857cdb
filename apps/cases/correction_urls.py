"""Addresses of corrections, on screen and under /api/v1/."""

from django.urls import path

from apps.cases import correction_api, correction_views

urlpatterns = [
    path("alerts/<uuid:alert_id>/correct/", correction_views.correct_alert, name="alert-correct"),
    path(
        "alerts/<uuid:alert_id>/correct/<uuid:file_id>/told/",
        correction_views.recipient_told,
        name="alert-correct-told",
    ),
]
api_urlpatterns = [
    path(
        "alerts/<uuid:alert_id>/correction/",
        correction_api.CorrectionView.as_view(),
        name="api-alert-correction",
    ),
    path(
        "alerts/<uuid:alert_id>/correction/told/<uuid:file_id>/",
        correction_api.RecipientToldView.as_view(),
        name="api-alert-correction-told",
    ),
]
