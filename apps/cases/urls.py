from django.urls import path

from apps.cases import views

urlpatterns = [
    path("cases/", views.cases, name="cases"),
    path("cases/<uuid:case_id>/", views.case, name="case"),
    path("cases/<uuid:case_id>/move/", views.move, name="case-move"),
]
