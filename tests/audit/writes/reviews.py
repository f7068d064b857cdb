"""Deciding, playing, revealing and regrouping."""

from typing import Any

from django.utils import timezone

from apps.alerts.models import Alert
from apps.audit.events import Event
from apps.reviews.operations import reveal_faces
from tests.audit.writes import Write, call, post
from tests.console.people import signed_in
from tests.reviews.conftest import open_for_people, sign_in
from tests.reviews.test_decision_pages import FALSE_ALARM, SESSION, prepared
from tests.reviews.test_items import arrive
from tests.reviews.test_items import split as split_off
from tests.world import World, make_camera, make_waiting_alert

REASON = "The receipt names a person; compare."
BODY = {"verdict": "false_alarm", "reasons": ["paid"], "comment": "", "transfer_seen": None}
PLAYED = {"session": SESSION, "from_ms": 2_000, "to_ms": 6_000}


def waiting(world: World) -> Alert:
    return open_for_people(make_waiting_alert(world.camera))


def _of(alert: Alert, end: str, api: bool = False) -> str:
    return f"{'/api/v1' if api else ''}/alerts/{alert.id}/{end}/"


def a_decision_is_prepared(world: World) -> Write:
    return post(
        world.operator, _of(waiting(world), "decide"), FALSE_ALARM, event=Event.ATTEMPT_PREPARED
    )


def a_decision_is_confirmed(world: World) -> Write:
    client = signed_in(world.operator)
    where, fields = prepared(client, waiting(world), dict(FALSE_ALARM))
    return Write(
        by=world.operator,
        event=Event.ATTEMPT_SUBMITTED,
        send=lambda: client.post(where, fields),
    )


def a_decision_is_prepared_by_api(world: World) -> Write:
    path = _of(waiting(world), "decisions", api=True)
    return call(world.operator, path, BODY, event=Event.ATTEMPT_PREPARED)


def a_decision_is_confirmed_by_api(world: World) -> Write:
    client, path = signed_in(world.operator), _of(waiting(world), "decisions", api=True)
    made = client.post(path, BODY, content_type="application/json").json()
    sent = {"token": made["token"], "payload": BODY}
    at = f"/api/v1/decisions/{made['attempt']['id']}/submit/"
    return Write(
        by=world.operator,
        event=Event.ATTEMPT_SUBMITTED,
        send=lambda: client.post(at, sent, content_type="application/json"),
    )


def a_clip_is_played(world: World) -> Write:
    return call(world.operator, _of(waiting(world), "playback"), PLAYED, event=Event.CLIP_PLAYED)


def faces_are_revealed(world: World, api: bool = False) -> Write:
    path, reason = _of(waiting(world), "reveal", api), {"reason": REASON}
    how: Any = call if api else post
    write: Write = how(world.operator, path, reason, event=Event.CLIP_REVEALED)
    return write


def _revealed(world: World) -> Alert:
    alert, user = waiting(world), world.operator
    reveal_faces(actor=sign_in(user), user=user, alert=alert, reason=REASON, now=timezone.now())
    return alert


def faces_are_covered(world: World) -> Write:
    return post(world.operator, _of(_revealed(world), "cover"), event=Event.CLIP_COVERED)


def faces_are_covered_by_api(world: World) -> Write:
    path = _of(_revealed(world), "reveal", api=True)
    return call(world.operator, path, event=Event.CLIP_COVERED, method="DELETE")


def _pair(world: World) -> Alert:
    from apps.sites.operations import link_cameras

    beside = make_camera(world.site)
    link_cameras(actor=sign_in(world.administrator), one=world.camera, other=beside)
    arrive(world.camera, priority=9)
    return arrive(beside, after=3, priority=2)


def an_alert_is_split_off(world: World, api: bool = False) -> Write:
    path, reason = _of(_pair(world), "item/split", api), {"reason": "Another person altogether."}
    how: Any = call if api else post
    write: Write = how(world.operator, path, reason, event=Event.ITEM_SPLIT)
    return write


def an_alert_is_rejoined(world: World, api: bool = False) -> Write:
    alert = _pair(world)
    split_off(world, alert)
    how: Any = call if api else post
    body = {"reason": "The same person after all."}
    write: Write = how(
        world.operator, _of(alert, "item/rejoin", api), body, event=Event.ITEM_JOINED
    )
    return write


STORIES = {
    "POST decide": a_decision_is_prepared,
    "POST attempt-submit": a_decision_is_confirmed,
    "POST api-decision-prepare": a_decision_is_prepared_by_api,
    "POST api-decision-submit": a_decision_is_confirmed_by_api,
    "POST playback": a_clip_is_played,
    "POST reveal": faces_are_revealed,
    "POST api-alert-reveal": lambda world: faces_are_revealed(world, api=True),
    "POST cover": faces_are_covered,
    "DELETE api-alert-reveal": faces_are_covered_by_api,
    "POST item-split": an_alert_is_split_off,
    "POST api-alert-split": lambda world: an_alert_is_split_off(world, api=True),
    "POST item-rejoin": an_alert_is_rejoined,
    "POST api-alert-rejoin": lambda world: an_alert_is_rejoined(world, api=True),
}
