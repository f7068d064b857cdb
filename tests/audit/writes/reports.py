"""Drafting, editing, signing and ending reports, on screen and over the API."""

from typing import Any

from apps.audit.events import Event
from apps.cases.models import Case
from apps.reports.models import Report
from apps.reports.queries.reports import content_of, newest
from tests.audit.writes import Write, call, post
from tests.reports import scene
from tests.world import World


def _screen(report: Report, rest: str = "") -> str:
    return f"/cases/{report.case_id}/reports/{report.id}/{rest}"


def _api(report: Report, rest: str) -> str:
    return f"/api/v1/reports/{report.id}/{rest}/"


def _draft(world: World) -> Report:
    return scene.draft(world, scene.a_case(world))


def _ready(world: World) -> Report:
    report = _draft(world)
    scene.fill(world, report)
    return report


def _signed(world: World) -> Report:
    return scene.signed(world, scene.a_case(world))


def _outdated(world: World) -> Report:
    report = _draft(world)
    world.camera.clock_offset_seconds = 33.0
    world.camera.save()
    return report


def _edit(report: Report) -> dict[str, Any]:
    keys = [one.key for one in content_of(newest(report)).sentences]
    return {"base": 1, "key": keys, "keep": keys, "added": "I was there."}


def _draft_on_screen(world: World) -> Write:
    case = scene.a_case(world)
    data = {"kind": "police_report", "author": str(world.operator.id)}
    return post(world.operator, f"/cases/{case.id}/reports/", data, event=Event.REPORT_DRAFTED)


def _draft_by_api(world: World) -> Write:
    case: Case = scene.a_case(world)
    body = {"kind": "police_report", "author": str(world.operator.id)}
    path = f"/api/v1/cases/{case.id}/reports/"
    return call(world.operator, path, body, event=Event.REPORT_DRAFTED)


def _edit_on_screen(world: World) -> Write:
    report = _draft(world)
    return post(world.operator, _screen(report), _edit(report), event=Event.REPORT_EDITED)


def _edit_by_api(world: World) -> Write:
    body = {"base": 1, "added": ["I was there."]}
    return call(world.operator, _api(_draft(world), "wordings"), body, event=Event.REPORT_EDITED)


def _sign_on_screen(world: World) -> Write:
    report = _ready(world)
    data = {"digest": newest(report).digest, "read": "on"}
    return post(world.operator, _screen(report, "sign/"), data, event=Event.REPORT_SIGNED)


def _sign_by_api(world: World) -> Write:
    report = _ready(world)
    body = {"digest": newest(report).digest}
    return call(world.operator, _api(report, "sign"), body, event=Event.REPORT_SIGNED)


WHY = {"reason": "It names the wrong day."}
STORIES = {
    "POST case-reports": _draft_on_screen,
    "POST api-case-reports": _draft_by_api,
    "POST report": _edit_on_screen,
    "POST api-report-wordings": _edit_by_api,
    "POST report-redraft": lambda world: post(
        world.operator, _screen(_outdated(world), "redraft/"), event=Event.REPORT_REDRAFTED
    ),
    "POST api-report-redraft": lambda world: call(
        world.operator, _api(_outdated(world), "redraft"), event=Event.REPORT_REDRAFTED
    ),
    "POST report-sign": _sign_on_screen,
    "POST api-report-sign": _sign_by_api,
    "POST report-withdraw": lambda world: post(
        world.operator, _screen(_draft(world), "withdraw/"), WHY, event=Event.REPORT_WITHDRAWN
    ),
    "POST api-report-withdraw": lambda world: call(
        world.operator, _api(_draft(world), "withdraw"), WHY, event=Event.REPORT_WITHDRAWN
    ),
    "POST report-newer": lambda world: post(
        world.operator, _screen(_signed(world), "newer/"), event=Event.REPORT_DRAFTED
    ),
    "POST api-report-newer": lambda world: call(
        world.operator, _api(_signed(world), "newer"), event=Event.REPORT_DRAFTED
    ),
}
EXEMPT = {
    "POST report-still": "cuts a frame in the object store first; tests/reports/test_sealing.py tells its events",
    "POST report-seal": "stores a file in the object store first; tests/reports/test_sealing.py tells its events",
}
