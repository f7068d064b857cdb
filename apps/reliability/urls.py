"""The pages under /reliability/: atlas, fairness, retraining, policy and backtests."""

from django.urls import path

from apps.reliability.views import atlas

urlpatterns = [
    path("", atlas.atlas, name="reliability-atlas"),
    path("segments/", atlas.segment, name="reliability-segment"),
    path("alerts/<uuid:alert_id>/segment/", atlas.alert_segment, name="reliability-alert-segment"),
]
