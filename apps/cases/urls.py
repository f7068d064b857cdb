from django.urls import path

from apps.cases import views
from apps.cases.case_file import views as files

urlpatterns = [
    path("cases/", views.cases, name="cases"),
    path("cases/<uuid:case_id>/", views.case, name="case"),
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
]
