from django.urls import path

from apps.reviews import (
    intervention_views,
    judging_views,
    note_views,
    reveal_views,
    second_look_views,
    views,
)

urlpatterns = [
    path("compliance/judging/", judging_views.judging, name="judging"),
    path("interventions/", intervention_views.interventions, name="interventions"),
    path(
        "interventions/<uuid:intervention_id>/",
        intervention_views.intervention,
        name="intervention",
    ),
    path(
        "interventions/<uuid:intervention_id>/outcome/",
        intervention_views.outcome,
        name="intervention-outcome",
    ),
    path(
        "interventions/<uuid:intervention_id>/complaint/",
        intervention_views.complaint,
        name="intervention-complaint",
    ),
    path(
        "interventions/<uuid:intervention_id>/settlement/",
        intervention_views.settlement,
        name="intervention-settlement",
    ),
    path(
        "alerts/<uuid:alert_id>/interventions/",
        intervention_views.alert_interventions,
        name="alert-interventions",
    ),
    path("alerts/<uuid:alert_id>/decide/", views.decide, name="decide"),
    path("alerts/<uuid:alert_id>/decision/", views.decision, name="decision"),
    path("alerts/<uuid:alert_id>/notes/", note_views.notes, name="alert-notes"),
    path("alerts/<uuid:alert_id>/second-look/", second_look_views.second_look, name="second-look"),
    path("alerts/<uuid:alert_id>/standing/", views.standing, name="standing"),
    path("alerts/<uuid:alert_id>/playback/", views.playback, name="playback"),
    path("alerts/<uuid:alert_id>/reveal/", reveal_views.reveal, name="reveal"),
    path("alerts/<uuid:alert_id>/cover/", reveal_views.cover, name="cover"),
    path("alerts/<uuid:alert_id>/item/split/", views.split, name="item-split"),
    path("alerts/<uuid:alert_id>/item/rejoin/", views.rejoin, name="item-rejoin"),
    path("attempts/<uuid:attempt_id>/", views.attempt, name="attempt"),
    path("attempts/<uuid:attempt_id>/submit/", views.submit, name="attempt-submit"),
]
