"""Alerts that a STOP holds back, and what goes on when it is lifted."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet

from apps.alerts.models import Alert, OutboxEntry
from apps.sites.models import Stop
from apps.sites.queries import is_stopped, stop_covering
from apps.triage.states import AlertState, ClipState, OutboxState
from workflows import client

BEFORE_ROUTING: Final = (AlertState.RECEIVED, AlertState.ANALYSING)

ENTRY_IS_STOPPED: Final = is_stopped(
    tenant="tenant_id", site="alert__site_id", camera="alert__camera_id"
)
"""Whether a STOP covers an outbox entry's camera: its alert is not started. Lifted, it starts within a beat."""

# How long after a STOP was lifted the clips it had kept from being looked at are asked for again.
TAKEN_UP_WITHIN: Final = timedelta(minutes=5)


def held_by_stop() -> QuerySet[OutboxEntry]:
    """The alerts in sight whose triage a STOP keeps from starting, in the order in which they will start."""
    waiting = OutboxEntry.objects.filter(state=OutboxState.WAITING)
    return waiting.filter(ENTRY_IS_STOPPED).order_by("created_at")


def stop_holding(alert: Alert) -> Stop | None:
    """The STOP that keeps this alert from being analysed; None when nothing does, or when it is analysed already."""
    if alert.state not in BEFORE_ROUTING:
        return None
    return stop_covering(
        tenant_id=alert.tenant_id, site_id=alert.site_id, camera_id=alert.camera_id
    )


def take_up_clips(*, now: datetime, limit: int = 200) -> int:
    """Ask the runs whose clip was not looked at because of a STOP to look now; return how many were asked.

    Asking twice is no harm. Runs under the service role, across tenants.
    """
    lifted = Stop.objects.filter(lifted_at__gt=now - TAKEN_UP_WITHIN, tenant=OuterRef("tenant"))
    unseen = Alert.objects.filter(
        Exists(lifted.filter(lifted_at__gte=OuterRef("received_at"))),
        state__in=(AlertState.AWAITING_REVIEW, AlertState.MODEL_REVIEW),
        clip__state=ClipState.STORED,
        clip__analysis_key="",
    ).exclude(is_stopped(tenant="tenant_id", site="site_id", camera="camera_id"))
    asked = list(unseen.order_by("received_at").values_list("id", flat=True)[:limit])
    for alert_id in asked:
        client.retry_step(alert_id)
    return len(asked)
