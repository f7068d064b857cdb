"""The endpoints under /api/v1/reliability/."""

from django.urls import path

from apps.reliability.api import findings

urlpatterns = [
    path("segments/", findings.SegmentsView.as_view(), name="api-segments"),
    path("fairness/reports/", findings.FairnessReportsView.as_view(), name="api-fairness-reports"),
    path(
        "fairness/reports/<uuid:sample_id>/",
        findings.FairnessReportView.as_view(),
        name="api-fairness-report",
    ),
    path("fairness/alarms/", findings.FairnessAlarmsView.as_view(), name="api-fairness-alarms"),
    path(
        "fairness/alarms/<uuid:alarm_id>/close/",
        findings.FairnessAlarmClosingView.as_view(),
        name="api-fairness-alarm-close",
    ),
    path("retraining/", findings.RetrainingView.as_view(), name="api-retraining"),
    path(
        "retraining/export/",
        findings.RetrainingExportView.as_view(),
        name="api-retraining-export",
    ),
]
