from django.urls import path

from apps.reports.views import editing, listing, signing

_REPORT = "cases/<uuid:case_id>/reports/<uuid:report_id>/"

urlpatterns = [
    path("cases/<uuid:case_id>/reports/", listing.reports, name="case-reports"),
    path(_REPORT, editing.report, name="report"),
    path(f"{_REPORT}redraft/", editing.redraft, name="report-redraft"),
    path(f"{_REPORT}changes/", editing.changed, name="report-changes"),
    path(f"{_REPORT}sign/", signing.sign, name="report-sign"),
    path(f"{_REPORT}withdraw/", signing.withdraw, name="report-withdraw"),
    path(f"{_REPORT}newer/", listing.newer, name="report-newer"),
    path(f"{_REPORT}still/", editing.still, name="report-still"),
    path(f"{_REPORT}pdf/", signing.pdf, name="report-pdf"),
    path(f"{_REPORT}seal/", signing.seal, name="report-seal"),
]
