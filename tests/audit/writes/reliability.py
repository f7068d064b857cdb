"""Versions, backtests, audit samples and exports for training."""

from dataclasses import replace
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from apps.audit.events import Event
from apps.triage.cost_model import default_cost_model
from tests.audit.writes import Write, call, post
from tests.console.people import signed_in
from tests.reliability.audit_samples import sample_file
from tests.reliability.findings import fact_of
from tests.reliability.history import make_facts
from tests.reliability.test_fairness_samples import FAIR, UNFAIR, take
from tests.reliability.test_policy_api import body, drafted
from tests.reliability.test_policy_pages import costs
from tests.world import World, make_alert

API = "/api/v1/reliability/"
PAGE = "/reliability/"
DAYS = {"first_day": "2026-09-01", "last_day": "2026-09-07"}
WHY = {"reason": "Tried on the past quarter"}


def _draft_id(world: World) -> str:
    return str(drafted(world, replace(default_cost_model(), minute_price=6.0)).id)


def a_version_is_activated(world: World) -> Write:
    at = f"{PAGE}policy/cost-model/{_draft_id(world)}/activate/"
    return post(world.administrator, at, WHY, event=Event.COST_MODEL_CHANGED)


def a_version_is_activated_by_api(world: World) -> Write:
    at = f"{API}versions/cost-model/{_draft_id(world)}/activate/"
    return call(world.administrator, at, WHY | {"instead_of": None}, event=Event.COST_MODEL_CHANGED)


def a_backtest_is_started(world: World, api: bool = False) -> Write:
    make_facts(world.tenant, site_id=world.site.id, camera_id=world.camera.id)
    asked = DAYS | {"cost_model": _draft_id(world)}
    how: Any = call if api else post
    write: Write = how(
        world.lead, f"{API if api else PAGE}backtests/", asked, event=Event.BACKTEST_STARTED
    )
    return write


def a_sample_is_imported(world: World) -> Write:
    client = signed_in(world.compliance)

    def send() -> Any:
        file = SimpleUploadedFile("sample.csv", sample_file(FAIR, rows=200), "text/csv")
        form = {"name": "By hand", "method": "Every 20th alert", "file": file}
        return client.post(f"{PAGE}fairness/import/", form)

    return Write(by=world.compliance, event=Event.FAIRNESS_SAMPLE_IMPORTED, send=send)


def an_alarm_is_closed(world: World, api: bool = False) -> Write:
    alarm = take(world, sample_file(UNFAIR, rows=1500, weeks=6)).alarms[0]
    at = f"{API if api else PAGE}fairness/alarms/{alarm.id}/close/"
    how: Any = call if api else post
    reason = {"reason": "Retrained on balanced data"}
    write: Write = how(world.compliance, at, reason, event=Event.FAIRNESS_ALARM_CLOSED)
    return write


def training_data_is_exported(world: World, api: bool = False) -> Write:
    fact = fact_of(make_alert(world.camera, score=0.93), signals={"reach": 0.7})
    chosen = {"facts": [str(fact.id)]} if api else {"everything": "1"}
    how: Any = call if api else post
    write: Write = how(
        world.lead,
        f"{API if api else PAGE}retraining/export/",
        chosen,
        event=Event.TRAINING_EXPORTED,
    )
    return write


_VERSION = "api/v1/reliability/versions/<version_kind:kind>/"
STORIES = {
    "POST reliability-draft": lambda world: post(
        world.lead, f"{PAGE}policy/cost-model/new/", costs(), event=Event.POLICY_DRAFTED
    ),
    f"POST {_VERSION}": lambda world: call(
        world.lead, f"{API}versions/cost-model/", body(), event=Event.POLICY_DRAFTED
    ),
    "POST reliability-activate": a_version_is_activated,
    f"POST {_VERSION}<uuid:version_id>/activate/": a_version_is_activated_by_api,
    "POST reliability-backtests": a_backtest_is_started,
    "POST api/v1/reliability/backtests/": lambda world: a_backtest_is_started(world, api=True),
    "POST reliability-fairness-import": a_sample_is_imported,
    "POST reliability-alarm-close": an_alarm_is_closed,
    "POST api-fairness-alarm-close": lambda world: an_alarm_is_closed(world, api=True),
    "POST reliability-retraining-export": training_data_is_exported,
    "POST api-retraining-export": lambda world: training_data_is_exported(world, api=True),
}
EXEMPT = {
    "POST reliability-preview": "Shows what a draft would do to the golden cases; nothing is kept.",
}
