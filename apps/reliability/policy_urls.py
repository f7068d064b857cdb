"""The pages under /reliability/policy/, /reliability/backtests/ and /reliability/costs/."""

from django.urls import path

from apps.reliability import converters as _registered  # noqa: F401 - for its effect
from apps.reliability.views import backtests, costs, policy

urlpatterns = [
    path("policy/", policy.policy, name="reliability-policy"),
    path("policy/<version_kind:kind>/new/", policy.edit, name="reliability-draft"),
    path("policy/<version_kind:kind>/preview/", policy.preview, name="reliability-preview"),
    path(
        "policy/<version_kind:kind>/<uuid:version_id>/", policy.version, name="reliability-version"
    ),
    path(
        "policy/<version_kind:kind>/<uuid:version_id>/activate/",
        policy.activate,
        name="reliability-activate",
    ),
    path("backtests/", backtests.backtests, name="reliability-backtests"),
    path("backtests/<uuid:backtest_id>/", backtests.backtest, name="reliability-backtest"),
    path("costs/", costs.costs, name="reliability-costs"),
]
