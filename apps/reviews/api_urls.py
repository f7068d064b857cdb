from django.urls import path

from apps.reviews.api import (
    AlertItem,
    FollowDecision,
    PrepareDecision,
    RejoinAlert,
    SplitAlert,
    SubmitDecision,
)
from apps.reviews.intervention_api import (
    AlertInterventionsView,
    ComplaintView,
    InterventionsView,
    InterventionView,
    OutcomeView,
    SettlementView,
)
from apps.reviews.note_api import AlertNotesView
from apps.reviews.reveal_api import AlertFootage, RevealFaces
from apps.reviews.second_look_api import SecondLookView

urlpatterns = [
    path("interventions/", InterventionsView.as_view(), name="api-interventions"),
    path(
        "interventions/<uuid:intervention_id>/", InterventionView.as_view(), name="api-intervention"
    ),
    path(
        "interventions/<uuid:intervention_id>/outcome/",
        OutcomeView.as_view(),
        name="api-intervention-outcome",
    ),
    path(
        "interventions/<uuid:intervention_id>/complaint/",
        ComplaintView.as_view(),
        name="api-intervention-complaint",
    ),
    path(
        "interventions/<uuid:intervention_id>/settlement/",
        SettlementView.as_view(),
        name="api-intervention-settlement",
    ),
    path(
        "alerts/<uuid:alert_id>/interventions/",
        AlertInterventionsView.as_view(),
        name="api-alert-interventions",
    ),
    path(
        "alerts/<uuid:alert_id>/decisions/", PrepareDecision.as_view(), name="api-decision-prepare"
    ),
    path("alerts/<uuid:alert_id>/footage/", AlertFootage.as_view(), name="api-alert-footage"),
    path("alerts/<uuid:alert_id>/reveal/", RevealFaces.as_view(), name="api-alert-reveal"),
    path("alerts/<uuid:alert_id>/notes/", AlertNotesView.as_view(), name="api-alert-notes"),
    path(
        "alerts/<uuid:alert_id>/second-look/",
        SecondLookView.as_view(),
        name="api-alert-second-look",
    ),
    path("alerts/<uuid:alert_id>/item/", AlertItem.as_view(), name="api-alert-item"),
    path("alerts/<uuid:alert_id>/item/split/", SplitAlert.as_view(), name="api-alert-split"),
    path("alerts/<uuid:alert_id>/item/rejoin/", RejoinAlert.as_view(), name="api-alert-rejoin"),
    path("decisions/<uuid:attempt_id>/", FollowDecision.as_view(), name="api-decision-follow"),
    path(
        "decisions/<uuid:attempt_id>/submit/", SubmitDecision.as_view(), name="api-decision-submit"
    ),
]
