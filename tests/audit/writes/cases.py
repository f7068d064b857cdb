"""Cases."""

from typing import Any

from apps.audit.events import Event
from apps.cases.acts import ACTS
from apps.cases.models import Case
from apps.cases.operations import add_note, add_task, link_alert, merge_cases, open_case
from tests.audit.writes import Story, Write, call, post
from tests.cases.test_case_file import actor_of
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


def _what(world: World, case: Case, name: str) -> tuple[Event, dict[str, Any]]:  # noqa: C901 - one act after another, a table
    """What is sent for an act, and the event it leaves."""
    operator, reason = str(world.operator.id), "seen on the footage"
    actor = actor_of(world.lead)
    common = {"actor": actor, "case": case, "now": NOW}
    if name == "assign":
        return Event.CASE_ASSIGNED, {"assignee": operator}
    if name == "note":
        return Event.CASE_NOTE_ADDED, {"text": "Till 3 was closed."}
    if name == "note-edit":
        note = add_note(**common, text="Till 3 was closed.")
        return Event.CASE_NOTE_CHANGED, {"note": str(note.id), "base": 1, "text": "Till 4."}
    if name == "task":
        return Event.CASE_TASK_ADDED, {"title": "Ask the guard"}
    if name == "task-plan":
        task = add_task(**common, title="Ask the guard")
        return Event.CASE_TASK_PLANNED, {"task": str(task.id), "assignee": operator}
    if name == "task-done":
        task = add_task(**common, title="Ask the guard")
        return Event.CASE_TASK_DONE, {"task": str(task.id), "done": "true"}
    if name == "offence":
        return Event.CASE_OFFENCE_SET, {"offence": "damage"}
    if name == "person":
        return Event.CASE_PERSON_ADDED, {"role": "witness", "name": "Ana Ruiz"}
    if name == "alert":
        alert = make_waiting_alert(world.camera)
        return Event.CASE_ALERT_LINKED, {"alert": alert.reference, "reason": reason}
    if name == "end":
        link = link_alert(**common, alert=make_waiting_alert(world.camera), reason=reason)
        sent = {"kind": "alert", "connection": str(link.id), "reason": reason}
        return Event.CASE_ALERT_UNLINKED, sent
    if name == "link":
        sent = {"other": a_case(world).reference, "relation": "same_method", "reason": reason}
        return Event.CASE_LINKED, sent
    if name == "merge":
        return Event.CASE_MERGED, {"into": a_case(world).reference, "reason": reason}
    if name == "split":
        merge_cases(actor=actor, source=a_case(world), target=case, reason=reason, now=NOW)
        chosen = [str(case.incidents.all()[0].id)]
        return Event.CASE_SPLIT, {"incidents": chosen, "reason": reason}
    target = a_case(world)
    merge_cases(actor=actor, source=case, target=target, reason=reason, now=NOW)
    return Event.CASE_MERGE_UNDONE, {"reason": reason}


def _on_screen(name: str) -> Story:
    def story(world: World) -> Write:
        case = a_case(world)
        event, sent = _what(world, case, name)
        return post(world.lead, f"/cases/{case.id}/do/{name}/", sent, event=event)

    return story


def _by_api(name: str) -> Story:
    def story(world: World) -> Write:
        case = a_case(world)
        event, sent = _what(world, case, name)
        return call(world.lead, f"/api/v1/cases/{case.id}/{name}/", sent, event=event)

    return story


def a_case_moves_on_by_api(world: World) -> Write:
    case = a_case(world)
    sent = {"to": "under_investigation", "version": case.version}
    path = f"/api/v1/cases/{case.id}/move/"
    return call(world.lead, path, sent, event=Event.CASE_STATE_CHANGED)


STORIES = {
    "POST case-move": a_case_moves_on,
    "POST api-case-move": a_case_moves_on_by_api,
    **{f"POST case-{act.name}": _on_screen(act.name) for act in ACTS},
    **{f"POST api-case-{act.name}": _by_api(act.name) for act in ACTS},
}
