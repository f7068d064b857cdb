from django.urls import path

from apps.cases import views
from apps.cases.acts import ACTS
from apps.cases.case_file import views as files
from apps.cases.dossier import views as dossiers

urlpatterns = [
    path("cases/", views.cases, name="cases"),
    path("cases/board/", views.board, name="case-board"),
    path("cases/approvals/", views.approvals, name="approvals"),
    path("cases/<uuid:case_id>/", views.case, name="case"),
    path("cases/<uuid:case_id>/exhibits/", views.exhibits, name="case-exhibits"),
    path("cases/<uuid:case_id>/timeline/", views.timeline, name="case-timeline"),
    path("cases/<uuid:case_id>/related/", views.related, name="case-related"),
    *[
        path(f"cases/<uuid:case_id>/do/{act.name}/", views.view_of(act), name=f"case-{act.name}")
        for act in ACTS
    ],
    path("cases/<uuid:case_id>/move/", views.move, name="case-move"),
    path("cases/<uuid:case_id>/files/", files.case_files, name="case-files"),
    path("cases/<uuid:case_id>/files/<uuid:file_id>/", files.case_file, name="case-file"),
    path(
        "cases/<uuid:case_id>/files/<uuid:file_id>/release/",
        files.release,
        name="case-file-release",
    ),
    path(
        "cases/<uuid:case_id>/files/<uuid:file_id>/withdraw/",
        files.withdraw,
        name="case-file-withdraw",
    ),
    path("cases/<uuid:case_id>/files/<uuid:file_id>/again/", files.again, name="case-file-again"),
    path("cases/<uuid:case_id>/files/<uuid:file_id>/fetch/", files.fetch, name="case-file-fetch"),
    path(
        "case-files/<uuid:tenant_id>/<uuid:file_id>/<str:link_secret>/",
        files.by_link,
        name="case-file-link",
    ),
    path("dossiers/", dossiers.dossiers, name="dossiers"),
    path("dossiers/<uuid:alert_id>/", dossiers.dossier, name="dossier"),
    path("dossiers/<uuid:alert_id>/render/", dossiers.render_now, name="dossier-render"),
    path("dossiers/<uuid:alert_id>/<uuid:item_id>/check/", dossiers.check, name="dossier-check"),
    path("dossiers/<uuid:alert_id>/explanation/", dossiers.explanation, name="dossier-explanation"),
]
