"""Cases."""

from apps.audit.events import Event
from apps.cases.models import Case
from apps.cases.operations import open_case
from tests.audit.writes import Write, post
from tests.cases.test_from_theft_to_case import decide
from tests.world import NOW, World, make_waiting_alert


def a_case(world: World) -> Case:
    alert = make_waiting_alert(world.camera)
    decide(alert, world)
    return open_case(alert_id=alert.id, now=NOW)


def a_case_moves_on(world: World) -> Write:
    case = a_case(world)
    return post(
        world.lead,
        f"/cases/{case.id}/move/",
        {"to": "under_investigation", "version": case.version},
        event=Event.CASE_STATE_CHANGED,
    )


STORIES = {
    "POST case-move": a_case_moves_on,
}
