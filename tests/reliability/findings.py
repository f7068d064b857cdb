"""A refresh with its segments and judged alerts, as the stored side writes them."""

from datetime import timedelta
from typing import Any

from apps.accounts.models import Tenant
from apps.alerts.models import Alert
from apps.reliability.models import AlertFact, ReliabilityRefresh, SegmentFinding
from tests.world import NOW

DETECTOR = "test-detector@1.0"


def make_refresh(tenant: Tenant, **fields: Any) -> ReliabilityRefresh:
    """The active refresh, with labels up to NOW."""
    known: dict[str, Any] = {
        "tenant": tenant,
        "version": 1,
        "parameters": {},
        "label_count": 240,
        "labels_until": NOW,
        "is_active": True,
        "created_at": NOW,
    }
    return ReliabilityRefresh.objects.create(**(known | fields))


def make_segment(refresh: ReliabilityRefresh, **fields: Any) -> SegmentFinding:
    """A red segment: 62 of 100 (50–73)."""
    known: dict[str, Any] = {
        "tenant": refresh.tenant,
        "refresh": refresh,
        "state": "red",
        "false_positive_rate": 0.62,
        "low": 0.5,
        "high": 0.73,
        "alert_count": 90,
        "label_count": 48,
        "probability_above_limit": 0.98,
        "drift": "rising",
        "weekly": [
            {
                "week": f"2026-W{week}",
                "labels": 6,
                "false": 2 + week % 3,
                "rate": (2 + week % 3) / 6,
            }
            for week in range(40, 48)
        ],
    }
    return SegmentFinding.objects.create(**(known | fields))


def make_unknown_segment(refresh: ReliabilityRefresh, **fields: Any) -> SegmentFinding:
    """A segment with 6 labels, of which nothing can be said yet."""
    nothing = dict.fromkeys(
        ("false_positive_rate", "low", "high", "probability_above_limit", "q_value")
    )
    known = {"state": "unknown", "label_count": 6, "labels_needed": 6, "drift": "", "weekly": []}
    return make_segment(refresh, **(nothing | known | fields))


def make_network(refresh: ReliabilityRefresh) -> SegmentFinding:
    """Every alert of every site: 30 of 100."""
    return make_segment(
        refresh, state="amber", false_positive_rate=0.3, low=0.26, high=0.34, drift="steady"
    )


def fact_of(alert: Alert, **fields: Any) -> AlertFact:
    """The judged fact of an alert: a false alarm at night."""
    known: dict[str, Any] = {
        "tenant_id": alert.tenant_id,
        "origin": "alert",
        "alert_id": alert.id,
        "happened_at": alert.received_at,
        "site_id": alert.site_id,
        "camera_id": alert.camera_id,
        "detector_id": alert.detector_id,
        "detector_version": alert.detector_version,
        "label": alert.label,
        "score": alert.score,
        "lighting": "dark",
        "daypart": "night",
        "verdict": "false_alarm",
        "labelled_at": NOW - timedelta(hours=1),
        "outcome": "verify",
    }
    return AlertFact.objects.create(**(known | fields))
