"""Notifications are gathered and mailed under the service role, in a database of the test's own."""

from collections.abc import Callable

import pytest

from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.notifications.models import Notification
from apps.notifications.operations import gather
from tests.audit import chain
from tests.audit.chain import Connection
from tests.evidence.conftest import as_service as as_service
from tests.world import NOW, World

Tell = Callable[..., None]
Round = Callable[[], list[Notification]]


@pytest.fixture
def told(world: World, sequencer_connection: Connection) -> Round:
    """Chains what was recorded, gathers, and returns everything anybody was told, oldest first."""

    def one() -> list[Notification]:
        chain.chain(sequencer_connection)
        with tenant_scope(world.tenant.id):
            gather(tenant_id=world.tenant.id, now=NOW)
            rows = Notification.objects.select_related("user", "mail")
            return list(rows.order_by("occurred_at", "user__username"))

    with tenant_scope(world.tenant.id):
        gather(tenant_id=world.tenant.id, now=NOW)  # from here on
    return one


@pytest.fixture
def tell(world: World) -> Tell:
    """Records an event by the system, or by somebody."""

    def one(event: Event, subject: Subject, *, by: Actor | None = None, **details: object) -> None:
        with tenant_scope(world.tenant.id):
            actor = by or Actor.system(world.tenant.id)
            record(actor=actor, event=event, subject=subject, details=details)

    return one
