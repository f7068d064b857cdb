"""Authorising acts on the floor, and recording how they ended."""

from typing import Any

from django.utils import timezone

from apps.audit.events import Event
from apps.reviews.models import Intervention, InterventionKind
from apps.reviews.operations import apply_attempt, record_complaint, record_intervention
from tests.audit.writes import Write, call, post
from tests.reviews.conftest import THEFT, open_for_people, prepare, sign_in, submit, watch
from tests.world import World, make_waiting_alert

SEEN = "The bag was opened at the till."


def _theft(world: World) -> Any:
    alert, user = open_for_people(make_waiting_alert(world.camera)), world.operator
    watch(user, alert)
    actor = sign_in(user)
    made = submit(prepare(user, alert, THEFT, actor=actor), user, actor)
    apply_attempt(
        tenant_id=alert.tenant_id, alert_id=alert.id, attempt_id=made.id, now=timezone.now()
    )
    return alert


def _act(world: World, *, complaint: bool = False) -> Intervention:
    user, now = world.operator, timezone.now()
    made = record_intervention(
        actor=sign_in(user),
        user=user,
        alert=_theft(world),
        kind=InterventionKind.APPROACH,
        now=now,
    )
    if complaint:
        record_complaint(
            actor=sign_in(user), user=user, intervention=made, reason="Was held up.", now=now
        )
    return made


def _authorised(world: World, api: bool = False) -> Write:
    how: Any = call if api else post
    path = f"{'/api/v1' if api else ''}/alerts/{_theft(world).id}/interventions/"
    write: Write = how(
        world.operator, path, {"kind": "approach"}, event=Event.INTERVENTION_RECORDED
    )
    return write


def _entered(
    world: World, end: str, body: dict[str, Any], event: Event, *, api: bool = False
) -> Write:
    how: Any = call if api else post
    act = _act(world, complaint=end == "settlement")
    path = f"{'/api/v1' if api else ''}/interventions/{act.id}/{end}/"
    write: Write = how(world.store_manager, path, {"reason": SEEN} | body, event=event)
    return write


_ENDS: dict[str, tuple[dict[str, Any], Event]] = {
    "outcome": ({"outcome": "recovered"}, Event.INTERVENTION_OUTCOME_RECORDED),
    "complaint": ({}, Event.INTERVENTION_COMPLAINT_RECORDED),
    "settlement": ({"cost": "120.00"}, Event.INTERVENTION_COMPLAINT_SETTLED),
}


def _story(end: str, api: bool) -> Any:
    body, event = _ENDS[end]
    return lambda world: _entered(world, end, body, event, api=api)


STORIES = {
    "POST alert-interventions": _authorised,
    "POST api-alert-interventions": lambda world: _authorised(world, api=True),
    **{f"POST intervention-{end}": _story(end, False) for end in _ENDS},
    **{f"POST api-intervention-{end}": _story(end, True) for end in _ENDS},
}
