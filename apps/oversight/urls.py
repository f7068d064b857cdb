"""Pages of oversight."""

from django.urls import path

from apps.oversight.views import (
    exports,
    home,
    incidents,
    notices,
    overrides,
    register,
    stop,
    training,
)

urlpatterns = [
    path("stop/", stop.stop_page, name="stop"),
    path("stop/press/", stop.stop_press, name="stop-press"),
    path("stop/state/", stop.stop_state, name="stop-state"),
    path("stop/<uuid:stop_id>/resume/", stop.stop_resume, name="stop-resume"),
    path("compliance/", home.compliance, name="compliance"),
    path("compliance/system-card/", home.system_card, name="system-card"),
    path("compliance/risks/", register.risks, name="risks"),
    path("compliance/risks/new/", register.risk_edit, name="risk-new"),
    path("compliance/risks/<slug:risk_id>/", register.risk_edit, name="risk-edit"),
    path("compliance/risks/<slug:risk_id>/remove/", register.risk_remove, name="risk-remove"),
    path("compliance/incidents/", incidents.incidents, name="system-incidents"),
    path("compliance/incidents/report/", incidents.incident_report, name="system-incident-report"),
    path("compliance/incidents/<uuid:incident_id>/", incidents.incident, name="system-incident"),
    path(
        "compliance/incidents/<uuid:incident_id>/told/",
        incidents.incident_notified,
        name="system-incident-told",
    ),
    path(
        "compliance/incidents/<uuid:incident_id>/close/",
        incidents.incident_close,
        name="system-incident-close",
    ),
    path("compliance/notices/", notices.notices, name="notices"),
    path("compliance/notices/new/<uuid:site_id>/", notices.notice_new, name="notice-new"),
    path("compliance/notices/<uuid:notice_id>/pdf/", notices.notice_file, name="notice-file"),
    path("compliance/exports/", exports.exports, name="exports"),
    path("compliance/exports/records/", exports.export_records, name="export-records"),
    path("compliance/exports/techdoc/", exports.export_techdoc, name="export-techdoc"),
    path("compliance/exports/<uuid:export_id>/again/", exports.export_again, name="export-again"),
    path("compliance/exports/<uuid:export_id>/fetch/", exports.export_fetch, name="export-fetch"),
    path("compliance/overrides/", overrides.overrides, name="overrides"),
    path("compliance/training/", training.training, name="training"),
    path("compliance/training/new/", training.training_new, name="training-new"),
    path(
        "compliance/training/people/<uuid:user_id>/", training.training_of, name="training-person"
    ),
    path(
        "compliance/training/<uuid:record_id>/revoke/",
        training.training_revoke,
        name="training-revoke",
    ),
]
