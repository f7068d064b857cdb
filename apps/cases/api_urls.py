from django.urls import path

from apps.cases import api
from apps.cases.acts import ACTS
from apps.cases.dossier import api as dossiers

urlpatterns = [
    path("cases/", api.CasesView.as_view(), name="api-cases"),
    path("cases/<uuid:case_id>/", api.CaseView.as_view(), name="api-case"),
    path("cases/<uuid:case_id>/move/", api.MoveCase.as_view(), name="api-case-move"),
    *[
        path(
            f"cases/<uuid:case_id>/{act.name}/",
            api.doing(act).as_view(),
            name=f"api-case-{act.name}",
        )
        for act in ACTS
    ],
    path("dossiers/", dossiers.DossiersView.as_view(), name="api-dossiers"),
    path("alerts/<uuid:alert_id>/record/", dossiers.RecordView.as_view(), name="api-alert-record"),
    path(
        "alerts/<uuid:alert_id>/dossier/", dossiers.DossierView.as_view(), name="api-alert-dossier"
    ),
]
