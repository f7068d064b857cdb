"""Opening an alert is an access to personal data: one event a person, alert and session."""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from apps.alerts.models import Alert, Viewing
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record

KEPT: Final = timedelta(days=7)
"""Far longer than a session lives."""
_FIRST: Final = """
    INSERT INTO alerts_viewing (tenant_id, alert_id, person, session, viewed_at)
    VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


def note_view(*, actor: Actor, alert: Alert, now: datetime) -> bool:
    """Record that a person opened the alert, unless they did in this session; return whether it was recorded.

    One statement where it was seen before, two where not; nothing is read.
    """
    values = [alert.tenant_id, alert.id, actor.user_id, actor.session, now]
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, values)
        first: bool = cursor.rowcount == 1
    if first:
        record(actor=actor, event=Event.ALERT_VIEWED, subject=Subject("alert", alert.id))
    return first


def forget_viewings(*, now: datetime) -> int:
    """Delete the marks of sessions that are long over; the events stay in the chain. Returns how many went."""
    return Viewing.objects.filter(viewed_at__lt=now - KEPT).delete()[0]
