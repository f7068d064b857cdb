"""Alerts waiting in a queue, each with its open task."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.alerts.models import Alert
from apps.reviews.operations import open_task
from tests.world import World, make_waiting_alert


@pytest.fixture
def waiting(world: World) -> Callable[..., Alert]:
    """Makes an alert that waits for a person at the world's first site."""

    def make(*, label: str = "item_to_bag", **fields: object) -> Alert:
        alert = make_waiting_alert(world.camera, **fields)  # type: ignore[arg-type]
        Alert.objects.filter(id=alert.id).update(label=label)
        now = timezone.now()
        open_task(alert=alert, due_at=now + timedelta(minutes=15), now=now)
        return Alert.objects.get(id=alert.id)

    return make
