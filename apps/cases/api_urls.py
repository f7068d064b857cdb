from django.urls import path

from apps.cases import api
from apps.cases.dossier import api as dossiers

urlpatterns = [
    path("cases/", api.CasesView.as_view(), name="api-cases"),
    path("cases/<uuid:case_id>/", api.CaseView.as_view(), name="api-case"),
    path("dossiers/", dossiers.DossiersView.as_view(), name="api-dossiers"),
    path("alerts/<uuid:alert_id>/record/", dossiers.RecordView.as_view(), name="api-alert-record"),
    path(
        "alerts/<uuid:alert_id>/dossier/", dossiers.DossierView.as_view(), name="api-alert-dossier"
    ),
]
