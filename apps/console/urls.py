"""The shell's own pages: the queue and the alert page, which put several apps' parts on one screen."""

from django.urls import path

from apps.console import audit_views, desk_views, install, prior_views, views

urlpatterns = [
    path("", views.queue, name="queue"),
    path("manifest.webmanifest", install.manifest, name="manifest"),
    path("service-worker.js", install.service_worker, name="service-worker"),
    path("offline/", install.offline, name="offline"),
    path("queue/new/", views.queue_news, name="queue-news"),
    path("queue/badge/", views.queue_badge, name="queue-badge"),
    path("compliance/trust/", views.trust, name="trust"),
    path("search/", desk_views.search_page, name="search"),
    path("queue/next/", desk_views.next_alert, name="queue-next"),
    path("queue/hand-out/", desk_views.hand_alerts_out, name="queue-hand-out"),
    path("queue/views/", desk_views.keep_view, name="queue-view-keep"),
    path("queue/views/<uuid:view_id>/delete/", desk_views.forget_view, name="queue-view-delete"),
    path("queue/<uuid:alert_id>/", views.queue_row, name="queue-row"),
    path("audit/", audit_views.audit, name="audit"),
    path("audit/standing/", audit_views.audit_standing, name="audit-standing"),
    path("audit/check/", audit_views.audit_check, name="audit-check"),
    path("alerts/<uuid:alert_id>/", views.alert, name="alert"),
    path("alerts/<uuid:alert_id>/history/", views.alert_history, name="alert-history"),
    path("alerts/<uuid:alert_id>/earlier/", prior_views.alert_earlier, name="alert-earlier"),
    path(
        "alerts/<uuid:alert_id>/earlier/people/",
        prior_views.people_earlier,
        name="alert-people-earlier",
    ),
    path("alerts/<uuid:alert_id>/saliency/", views.alert_saliency, name="alert-saliency"),
    path(
        "alerts/<uuid:alert_id>/saliency/map/", views.alert_saliency_map, name="alert-saliency-map"
    ),
]
