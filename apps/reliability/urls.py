"""The pages under /reliability/: atlas, fairness, retraining, policy and backtests."""

from django.urls import path

from apps.reliability.views import atlas, fairness, heat, plan, retraining

urlpatterns = [
    path("", atlas.atlas, name="reliability-atlas"),
    path("heat/", heat.heat, name="reliability-heat"),
    path("plan/", plan.plan, name="reliability-plan"),
    path("segments/", atlas.segment, name="reliability-segment"),
    path("alerts/<uuid:alert_id>/segment/", atlas.alert_segment, name="reliability-alert-segment"),
    path("fairness/", fairness.fairness, name="reliability-fairness"),
    path("fairness/import/", fairness.fairness_import, name="reliability-fairness-import"),
    path(
        "fairness/alarms/<uuid:alarm_id>/close/",
        fairness.alarm_close,
        name="reliability-alarm-close",
    ),
    path("retraining/", retraining.retraining, name="reliability-retraining"),
    path(
        "retraining/export/",
        retraining.retraining_export,
        name="reliability-retraining-export",
    ),
]
