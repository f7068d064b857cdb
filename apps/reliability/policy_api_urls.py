"""The endpoints under /api/v1/reliability/versions/ and /api/v1/reliability/backtests/."""

from django.urls import path

from apps.reliability import converters as _registered  # noqa: F401 - for its effect
from apps.reliability.api import policy

urlpatterns = [
    path("versions/<version_kind:kind>/", policy.Versions.as_view()),
    path("versions/<version_kind:kind>/<uuid:version_id>/", policy.Version.as_view()),
    path("versions/<version_kind:kind>/<uuid:version_id>/activate/", policy.Activate.as_view()),
    path("backtests/", policy.Backtests.as_view()),
    path("backtests/<uuid:backtest_id>/", policy.BacktestView.as_view()),
]
