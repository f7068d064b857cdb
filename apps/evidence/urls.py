from django.urls import path

from apps.evidence import views

urlpatterns = [
    path("alerts/<uuid:alert_id>/clip/", views.clip, name="clip"),
    path("alerts/<uuid:alert_id>/before/", views.before, name="clip-before"),
    path("alerts/<uuid:alert_id>/poster/", views.poster, name="poster"),
    path("alerts/<uuid:alert_id>/tried/<str:name>", views.tried_picture, name="tried-picture"),
    path("alerts/<uuid:alert_id>/analysis/", views.analysis, name="analysis"),
    path("evidence/<uuid:item_id>/", views.evidence_item, name="evidence-item"),
]
