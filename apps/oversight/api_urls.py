"""Endpoints of oversight."""

from django.urls import path

from apps.oversight import api, training_api

urlpatterns = [
    path("stops/", api.StopsView.as_view(), name="api-stops"),
    path("stops/<uuid:stop_id>/resume/", api.ResumeView.as_view(), name="api-stop-resume"),
    path(
        "training-records/",
        training_api.TrainingRecordsView.as_view(),
        name="api-training-records",
    ),
    path(
        "training-records/<uuid:record_id>/revoke/",
        training_api.TrainingRevocationView.as_view(),
        name="api-training-revoke",
    ),
    path(
        "training-standings/",
        training_api.TrainingStandingsView.as_view(),
        name="api-training-standings",
    ),
]
