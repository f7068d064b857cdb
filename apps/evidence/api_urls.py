from django.urls import path

from apps.evidence import api

urlpatterns = [
    path("evidence/", api.EvidenceListView.as_view(), name="api-evidence"),
    path("evidence/<uuid:item_id>/", api.EvidenceView.as_view(), name="api-evidence-item"),
    path(
        "evidence/<uuid:item_id>/check/",
        api.EvidenceCheckView.as_view(),
        name="api-evidence-check",
    ),
    path("holds/", api.HoldsView.as_view(), name="api-holds"),
    path("holds/<uuid:hold_id>/release/", api.HoldReleaseView.as_view(), name="api-hold-release"),
    path("retention/", api.RetentionView.as_view(), name="api-retention"),
    path("retention/trial/", api.RetentionTrialView.as_view(), name="api-retention-trial"),
    path(
        "retention/versions/<uuid:version_id>/activate/",
        api.RetentionActivateView.as_view(),
        name="api-retention-activate",
    ),
]
