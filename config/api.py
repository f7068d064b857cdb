"""The one API: each app's endpoints under /api/v1/."""

from django.urls import include, path

from apps.cases.correction_urls import api_urlpatterns

urlpatterns = [
    path("", include("apps.alerts.api_urls")),
    path("", include("apps.reviews.api_urls")),
    path("", include("apps.cases.api_urls")),
    path("", include(api_urlpatterns)),
    path("", include("apps.evidence.api_urls")),
    path("", include("apps.reports.api_urls")),
    path("", include("apps.subject_requests.api_urls")),
    path("", include("apps.oversight.api_urls")),
    path("", include("apps.notifications.api_urls")),
    path("", include("apps.webhooks.api_urls")),
    path("", include("apps.console.api_urls")),
    path("watchlist/", include("apps.watchlists.api_urls")),
    path("reliability/", include("apps.reliability.api_urls")),
    path("reliability/", include("apps.reliability.policy_api_urls")),
]
