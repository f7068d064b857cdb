"""Endpoints of oversight."""

from django.urls import path

from apps.oversight import (
    api,
    export_api,
    figures_api,
    incident_api,
    register_api,
    training_api,
)

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
    path("stops/history/", figures_api.StopHistoryView.as_view(), name="api-stop-history"),
    path("oversight/overrides/", figures_api.OverridesView.as_view(), name="api-overrides"),
    path("oversight/clocks/", figures_api.ClocksView.as_view(), name="api-clocks"),
    path("oversight/system-card/", figures_api.SystemCardView.as_view(), name="api-system-card"),
    path("oversight/risks/", register_api.RegisterView.as_view(), name="api-risks"),
    path("oversight/risks/<slug:risk_id>/", register_api.RiskView.as_view(), name="api-risk"),
    path(
        "oversight/risks/<slug:risk_id>/remove/",
        register_api.RiskRemovalView.as_view(),
        name="api-risk-remove",
    ),
    path(
        "oversight/incidents/",
        incident_api.SystemIncidentsView.as_view(),
        name="api-system-incidents",
    ),
    path(
        "oversight/incidents/<uuid:incident_id>/",
        incident_api.SystemIncidentView.as_view(),
        name="api-system-incident",
    ),
    path(
        "oversight/incidents/<uuid:incident_id>/told/",
        incident_api.AuthorityToldView.as_view(),
        name="api-system-incident-told",
    ),
    path(
        "oversight/incidents/<uuid:incident_id>/close/",
        incident_api.IncidentClosingView.as_view(),
        name="api-system-incident-close",
    ),
    path("oversight/exports/", export_api.ExportsView.as_view(), name="api-exports"),
    path("oversight/exports/<uuid:export_id>/", export_api.ExportView.as_view(), name="api-export"),
    path(
        "oversight/exports/<uuid:export_id>/again/",
        export_api.ExportAgainView.as_view(),
        name="api-export-again",
    ),
    path(
        "oversight/exports/<uuid:export_id>/fetch/",
        export_api.ExportFetchView.as_view(),
        name="api-export-fetch",
    ),
]
