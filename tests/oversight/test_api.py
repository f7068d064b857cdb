"""Oversight through the API: who reads what, and that it writes as the screens do."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.events import Event
from apps.audit.models import InboxEntry
from apps.oversight.models import RecordsExport, Seriousness, SystemIncident
from tests.audit.writes.oversight import _risk
from tests.console.people import signed_in
from tests.oversight.test_incidents import WHAT, report
from tests.oversight.test_stop import press
from tests.reviews.test_overrides import past
from tests.world import World

pytestmark = pytest.mark.django_db
BASE = "/api/v1/oversight"


def ask(
    user: User, path: str, body: object = None, *, method: str = "GET", seconds_ago: float = 0
) -> tuple[int, Any]:
    client, content = signed_in(user, seconds_ago=seconds_ago), json.dumps(body or {})
    answer = client.generic(method, path, content, content_type="application/json")
    return answer.status_code, json.loads(answer.content) if answer.content else None


def told(event: Event) -> list[tuple[str, str, list[str]]]:
    """Channel, role and what the details name, of each event of the kind."""
    rows = InboxEntry.objects.filter(event=event.value).order_by("id")
    return [(one.channel, one.role, sorted(json.loads(one.details))) for one in rows]


@pytest.mark.parametrize("page", ["overrides", "clocks", "system-card", "risks", "incidents"])
def test_what_may_be_seen_on_screen_may_be_read(world: World, page: str) -> None:
    past(world, world.site, ["false_alarm"])
    report(world, Seriousness.SERIOUS)
    status, found = ask(world.compliance, f"{BASE}/{page}/")
    assert status == 200
    assert found
    nobody = ask(world.foreign_operator, f"{BASE}/incidents/")[1]
    assert nobody["results"] == []


def test_a_reporter_reads_the_own_report_and_no_other_and_the_look_is_recorded(
    world: World,
) -> None:
    incident = report(world, Seriousness.SERIOUS)
    path = f"{BASE}/incidents/{incident.id}/"
    status, found = ask(world.operator, path)
    assert (status, found["reference"], found["state"]) == (200, incident.reference, "open")
    assert ask(world.second_operator, path)[0] == 404
    assert ask(world.foreign_operator, path)[0] == 404
    assert InboxEntry.objects.filter(event=Event.SYSTEM_INCIDENT_VIEWED.value).count() == 1
    assert ask(world.operator, f"{path}told/", {"whom": "AESIA"}, method="POST")[0] == 403
    assert ask(world.operator, f"{BASE}/exports/")[0] == 403


def test_an_incident_is_reported_told_and_closed(world: World) -> None:
    aware = timezone.now() - timedelta(hours=1)
    stated = {"what": WHAT, "seriousness": "widespread", "aware_at": aware.isoformat()}
    status, made = ask(world.operator, f"{BASE}/incidents/", stated, method="POST")
    assert status == 201
    assert SystemIncident.objects.get(id=made["id"]).due_at == aware + timedelta(days=2)
    early = stated | {"aware_at": (aware + timedelta(days=3)).isoformat()}
    assert ask(world.operator, f"{BASE}/incidents/", early, method="POST")[0] == 409
    path = f"{BASE}/incidents/{made['id']}/"
    told = ask(world.compliance, f"{path}told/", {"whom": "AESIA"}, method="POST")
    assert (told[0], told[1]["state"]) == (200, "notified")
    ended = ask(world.compliance, f"{path}close/", {"findings": WHAT}, method="POST")
    assert (ended[0], ended[1]["state"]) == (200, "closed")
    assert ask(world.compliance, f"{path}close/", {"findings": WHAT}, method="POST")[0] == 409


def test_the_register_is_changed_as_on_screen_and_a_stale_change_is_refused(world: World) -> None:
    stated = {**_risk("S-1"), "review_on": "2027-01-01"}
    signed_in(world.compliance).post("/compliance/risks/new/", stated)
    again = stated | {"instead_of": 1, "hazard": "Another hazard"}
    status, register = ask(world.compliance, f"{BASE}/risks/S-1/", again, method="PUT")
    assert (status, register["version"]) == (200, 2)
    assert [one["hazard"] for one in register["risks"] if one["id"] == "S-1"] == ["Another hazard"]
    assert ask(world.compliance, f"{BASE}/risks/S-1/", again, method="PUT")[0] == 409
    assert ask(world.operator, f"{BASE}/risks/S-1/", again, method="PUT")[0] == 403
    assert ask(world.compliance, f"{BASE}/risks/s-1/", again, method="PUT")[0] == 400
    without = {"reason": "It cannot happen here", "instead_of": 2}
    status, register = ask(world.compliance, f"{BASE}/risks/S-1/remove/", without, method="POST")
    assert (status, register["version"]) == (200, 3)
    screen, api, _ = told(Event.RISK_REGISTER_CHANGED)
    assert (screen[0], api[0]) == ("screen", "api")
    assert screen[1:] == api[1:]


def test_an_archive_is_asked_for_and_fetched_only_after_a_fresh_sign_in(world: World) -> None:
    body = {"kind": "records", "since": "2026-01-01", "until": "2026-01-31"}
    path = f"{BASE}/exports/"
    status, made = ask(world.compliance, path, body, method="POST")
    assert (status, made["state"], made["to_at"]) == (202, "requested", "2026-02-01T00:00:00Z")
    assert ask(world.compliance, path, {"kind": "records"}, method="POST")[0] == 400
    fetch = f"{path}{made['id']}/fetch/"
    assert ask(world.compliance, fetch, method="POST")[0] == 409
    for state in ("writing", "ready"):
        RecordsExport.objects.update(state=state, key="tenants/x/y.zip", sha256="0" * 64)
    assert ask(world.compliance, fetch, method="POST", seconds_ago=900)[0] == 403
    assert ask(world.compliance, fetch, method="POST")[1]["seconds"] == 60


def test_the_history_of_stops_says_how_soon_work_ended(world: World) -> None:
    stop = press(world.operator, site=world.site)
    status, found = ask(world.operator, "/api/v1/stops/history/")
    assert status == 200
    [line] = found["stops"]
    assert (line["stop"], line["seconds"], line["begun"]) == (str(stop.id), 0.0, 0)
    assert found["figures"]["pressed"] == 1
    assert ask(world.stranger, "/api/v1/stops/history/")[1]["stops"] == []
