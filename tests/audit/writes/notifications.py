"""Reading and choosing notifications, on screen and through the API."""

from typing import Any
from uuid import uuid4

from apps.audit.events import Event
from apps.notifications.models import Notification
from tests.audit.writes import Story, Write, call, post
from tests.world import NOW, World

_CHOSEN = {
    "on_screen": ["alert_given"],
    "by_email": ["alert_late"],
    "quiet_from": "22:00",
    "quiet_until": "07:00",
    "timezone": "Europe/Madrid",
    "language": "es",
}


def told(world: World) -> Notification:
    """Something the operator was told and has not read."""
    return Notification.objects.create(
        tenant=world.tenant,
        user=world.operator,
        event_id=uuid4(),
        kind="alert_late",
        words="An alert has waited too long",
        reference="A-1A2B3C4D",
        path="/",
        occurred_at=NOW,
        made_at=NOW,
        on_screen=True,
    )


def _read(address: str, send: Any) -> Story:
    def story(world: World) -> Write:
        one = told(world)
        return send(world.operator, address.format(id=one.id), event=Event.NOTIFICATIONS_READ)

    return story


STORIES: dict[str, Story] = {
    "POST notifications-read": _read("/notifications/read/", post),
    "POST notification-read": _read("/notifications/{id}/read/", post),
    "POST notification-choice": lambda world: post(
        world.operator, "/notifications/choose/", _CHOSEN, event=Event.NOTIFICATIONS_CHOSEN
    ),
    "POST api-notifications-read": _read("/api/v1/notifications/read/", call),
    "POST api-notification-read": _read("/api/v1/notifications/{id}/read/", call),
    "PUT api-notification-choice": lambda world: call(
        world.operator,
        "/api/v1/notifications/choice/",
        _CHOSEN,
        event=Event.NOTIFICATIONS_CHOSEN,
        method="PUT",
    ),
}
