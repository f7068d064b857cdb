from django.urls import path

from apps.reviews.api import FollowDecision, PrepareDecision, SubmitDecision

urlpatterns = [
    path(
        "alerts/<uuid:alert_id>/decisions/", PrepareDecision.as_view(), name="api-decision-prepare"
    ),
    path("decisions/<uuid:attempt_id>/", FollowDecision.as_view(), name="api-decision-follow"),
    path(
        "decisions/<uuid:attempt_id>/submit/", SubmitDecision.as_view(), name="api-decision-submit"
    ),
]
