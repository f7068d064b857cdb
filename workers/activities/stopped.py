"""What the machine does not do while a person has stopped it."""

from temporalio.exceptions import ApplicationError

from apps.alerts.models import Alert
from apps.sites.queries import stop_covering

STOPPED = "Stopped"
"""The kind of failure of a step that a STOP forbids."""


def is_stopped(alert: Alert) -> bool:
    """Whether a STOP covers the alert's camera now. Inside the tenant's scope."""
    found = stop_covering(
        tenant_id=alert.tenant_id, site_id=alert.site_id, camera_id=alert.camera_id
    )
    return found is not None


def require_not_stopped(alert: Alert) -> None:
    """Refuse a step that may not be taken now, without trying it again by itself."""
    if is_stopped(alert):
        raise ApplicationError("a person has stopped the machine", type=STOPPED, non_retryable=True)
