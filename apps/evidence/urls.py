from django.urls import path

from apps.evidence.views import holds, items, lending, retention

urlpatterns = [
    path("alerts/<uuid:alert_id>/clip/", lending.clip, name="clip"),
    path("alerts/<uuid:alert_id>/before/", lending.before, name="clip-before"),
    path("alerts/<uuid:alert_id>/poster/", lending.poster, name="poster"),
    path("alerts/<uuid:alert_id>/tried/<str:name>", lending.tried_picture, name="tried-picture"),
    path("alerts/<uuid:alert_id>/analysis/", lending.analysis, name="analysis"),
    path("evidence/", items.items, name="evidence"),
    path("evidence/<uuid:item_id>/", lending.evidence_item, name="evidence-item"),
    path("evidence/<uuid:item_id>/about/", items.about, name="evidence-about"),
    path("evidence/<uuid:item_id>/check/", items.check, name="evidence-check"),
    path("holds/", holds.holds, name="holds"),
    *[
        path(
            f"holds/new/{thing}/<uuid:thing_id>/",
            holds.place,
            kwargs={"thing": thing},
            name="hold-place",
        )
        for thing in ("item", "alert", "case")
    ],
    path("holds/<uuid:hold_id>/", holds.release, name="hold"),
    path("retention/", retention.retention, name="retention"),
    path("retention/draft/", retention.draft, name="retention-draft"),
    path("retention/trial/", retention.dry_run, name="retention-trial"),
    path("retention/runs/<uuid:run_id>/", retention.run, name="retention-run"),
    path(
        "retention/versions/<uuid:version_id>/activate/",
        retention.activate,
        name="retention-activate",
    ),
    path(
        "retention/versions/<uuid:version_id>/discard/", retention.discard, name="retention-discard"
    ),
]
