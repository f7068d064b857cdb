"""Addresses of the settings pages, below /settings/."""

from django.urls import path

from apps.console.setup import pages, people, plans, webhooks

urlpatterns = [
    path("", pages.settings_home, name="setup"),
    path("sites/new/", pages.site_new, name="setup-site-new"),
    path("sites/<uuid:site_id>/", pages.site_settings, name="setup-site"),
    path("sites/<uuid:site_id>/cameras/", pages.camera_new, name="setup-camera-new"),
    path("sites/<uuid:site_id>/minutes/", pages.roster_new, name="setup-roster-new"),
    path(
        "sites/<uuid:site_id>/minutes/<uuid:roster_id>/remove/",
        pages.roster_remove,
        name="setup-roster-remove",
    ),
    path("sites/<uuid:site_id>/plan/", plans.plan_settings, name="setup-plan"),
    path("sites/<uuid:site_id>/plan/upload/", plans.plan_upload, name="setup-plan-upload"),
    path("sites/<uuid:site_id>/plan/remove/", plans.plan_remove, name="setup-plan-remove"),
    path("sites/<uuid:site_id>/plan/picture/", plans.site_plan, name="site-plan"),
    path("cameras/<uuid:camera_id>/picture/", plans.camera_picture, name="setup-camera-picture"),
    path(
        "cameras/<uuid:camera_id>/picture/upload/",
        plans.camera_upload,
        name="setup-camera-upload",
    ),
    path(
        "cameras/<uuid:camera_id>/picture/remove/",
        plans.camera_picture_remove,
        name="setup-camera-picture-remove",
    ),
    path("cameras/<uuid:camera_id>/", pages.camera_settings, name="setup-camera"),
    path("cameras/<uuid:camera_id>/link/", pages.camera_link, name="setup-camera-link"),
    path(
        "cameras/<uuid:camera_id>/link/<uuid:link_id>/remove/",
        pages.camera_unlink,
        name="setup-camera-unlink",
    ),
    path("cameras/<uuid:camera_id>/zones/new/", pages.zone_settings, name="setup-zone-new"),
    path("cameras/<uuid:camera_id>/zones/<uuid:zone_id>/", pages.zone_settings, name="setup-zone"),
    path(
        "cameras/<uuid:camera_id>/zones/<uuid:zone_id>/remove/",
        pages.zone_remove,
        name="setup-zone-remove",
    ),
    path("people/", people.members, name="setup-members"),
    path("people/<uuid:user_id>/", people.member, name="setup-member"),
    path("people/<uuid:user_id>/grant/", people.grant, name="setup-grant"),
    path("people/<uuid:user_id>/withdraw/<uuid:site_id>/", people.withdraw, name="setup-withdraw"),
    path("detectors/", people.detectors, name="setup-detectors"),
    path("detectors/<uuid:source_id>/", people.detector, name="setup-detector"),
    path(
        "detectors/<uuid:source_id>/rotate/", people.detector_rotate, name="setup-detector-rotate"
    ),
    path("detectors/<uuid:source_id>/off/", people.detector_off, name="setup-detector-off"),
    path("detectors/<uuid:source_id>/on/", people.detector_on, name="setup-detector-on"),
    path(
        "detectors/<uuid:source_id>/rescoring/",
        people.detector_rescoring,
        name="setup-detector-rescoring",
    ),
    path("webhooks/", webhooks.webhooks, name="setup-webhooks"),
    path("webhooks/<uuid:webhook_id>/", webhooks.webhook, name="setup-webhook"),
    path("webhooks/<uuid:webhook_id>/on/", webhooks.webhook_on, name="setup-webhook-on"),
    path("webhooks/<uuid:webhook_id>/off/", webhooks.webhook_off, name="setup-webhook-off"),
    path("webhooks/<uuid:webhook_id>/ping/", webhooks.webhook_ping, name="setup-webhook-ping"),
    path(
        "webhooks/<uuid:webhook_id>/rotate/", webhooks.webhook_rotate, name="setup-webhook-rotate"
    ),
    path(
        "webhooks/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/retry/",
        webhooks.webhook_retry,
        name="setup-webhook-retry",
    ),
]
