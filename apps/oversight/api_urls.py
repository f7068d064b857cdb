"""Endpoints of oversight."""

from django.urls import path

from apps.oversight import api

urlpatterns = [
    path("stops/", api.StopsView.as_view(), name="api-stops"),
    path("stops/<uuid:stop_id>/resume/", api.ResumeView.as_view(), name="api-stop-resume"),
]
