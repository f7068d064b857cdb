from django.urls import path

from apps.cases import api

urlpatterns = [
    path("cases/", api.CasesView.as_view(), name="api-cases"),
    path("cases/<uuid:case_id>/", api.CaseView.as_view(), name="api-case"),
]
