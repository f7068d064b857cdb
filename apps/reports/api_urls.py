from django.urls import path

from apps.reports import api

_REPORT = "reports/<uuid:report_id>/"

urlpatterns = [
    path("cases/<uuid:case_id>/reports/", api.CaseReports.as_view(), name="api-case-reports"),
    path(_REPORT, api.OneReport.as_view(), name="api-report"),
    path(f"{_REPORT}wordings/", api.ReportWordings.as_view(), name="api-report-wordings"),
    path(f"{_REPORT}redraft/", api.RedraftReport.as_view(), name="api-report-redraft"),
    path(f"{_REPORT}newer/", api.NewerReport.as_view(), name="api-report-newer"),
    path(f"{_REPORT}sign/", api.SignReport.as_view(), name="api-report-sign"),
    path(f"{_REPORT}withdraw/", api.WithdrawReport.as_view(), name="api-report-withdraw"),
]
