"""The gate, entries and leads of the watchlist."""

from typing import Any

from django.utils import timezone

from apps.audit.events import Event
from apps.watchlists.models import WatchlistEntry
from apps.watchlists.operations.objections import record_objection
from apps.watchlists.queries.entries import entry_digest
from tests.audit.writes import Write, call, post
from tests.watchlists.people import (
    NECESSITY,
    SERIOUS,
    a_lead,
    actor,
    checked,
    confirmed_alert,
    fill,
    in_force,
)
from tests.watchlists.test_pages import REASON, proposal
from tests.world import World

PAGE, API = "/watchlist/", "/api/v1/watchlist/"
WHY = {"reason": REASON}
TERM = {"necessity": NECESSITY, "valid_days": 100, "review_days": 20}


def _on(world: World) -> World:
    fill(world.compliance, now=timezone.now())
    return world


def _entry(entry: WatchlistEntry, end: str, base: str = PAGE) -> str:
    return f"{base}entries/{entry.id}/{end}/"


def the_gate_is_filled(world: World) -> Write:
    today = timezone.now().date().isoformat()
    step = {"dpia_version": "1.2", "dpia_on": today, "instead_of": 0}
    return post(world.compliance, f"{PAGE}gate/dpia/", step, event=Event.WATCHLIST_GATE_CHANGED)


def the_gate_is_withdrawn(world: World) -> Write:
    _on(world)
    return post(
        world.compliance,
        f"{PAGE}gate/withdraw/",
        {"reason": "The authority asked us to stop.", "instead_of": 3},
        event=Event.WATCHLIST_GATE_CHANGED,
    )


def an_entry_is_proposed(world: World) -> Write:
    path = f"{PAGE}propose/{confirmed_alert(_on(world)).id}/"
    return post(world.lead, path, proposal(world), event=Event.ENTRY_PROPOSED)


def an_entry_is_proposed_by_api(world: World) -> Write:
    body = {
        "alert": str(confirmed_alert(_on(world)).id),
        "category": "repeated_theft",
        "seriousness": SERIOUS,
        "necessity": NECESSITY,
        "sites": [str(world.site.id)],
        "valid_days": 60,
        "review_days": 30,
        "at_seconds": 2.5,
        "at_x": 0.5,
        "at_y": 0.5,
        "declared_adult": True,
        "declared_not_vulnerable": True,
        "declared_not_staff": True,
    }
    return call(world.lead, f"{API}entries/", body, event=Event.ENTRY_PROPOSED)


def an_entry_is_approved(world: World) -> Write:
    entry = checked(_on(world))
    seen = {"version": entry.version, "digest": entry_digest(entry), "decision": "approve"}
    return post(world.compliance, _entry(entry, "decide"), seen, event=Event.ENTRY_APPROVED)


def an_entry_is_approved_by_api(world: World) -> Write:
    entry = checked(_on(world))
    seen = {"version": entry.version, "digest": entry_digest(entry), "entry_decision": "approve"}
    return call(world.compliance, _entry(entry, "decision", API), seen, event=Event.ENTRY_APPROVED)


def a_renewal_is_proposed(world: World) -> Write:
    entry = in_force(_on(world))
    return post(world.lead, _entry(entry, "renew"), TERM, event=Event.ENTRY_RENEWAL_PROPOSED)


def a_renewal_is_decided(world: World) -> Write:
    from tests.console.people import signed_in

    entry = in_force(_on(world))
    signed_in(world.lead).post(_entry(entry, "renew"), TERM)
    renewal = entry.renewals.get()
    seen = {"version": entry.version, "digest": entry_digest(entry), "decision": "refuse"} | WHY
    return post(
        world.compliance,
        f"{PAGE}renewals/{renewal.id}/decide/",
        seen,
        event=Event.ENTRY_RENEWAL_REFUSED,
    )


def an_objection_is_ruled_on(world: World) -> Write:
    entry = in_force(_on(world))
    objection = record_objection(
        actor=actor(world.lead), user=world.lead, entry=entry, reason=REASON, now=timezone.now()
    )
    return post(
        world.compliance,
        _entry(entry, f"objections/{objection.id}"),
        {"upheld": "yes", "reason": "It was not this person."},
        event=Event.ENTRY_OBJECTION_DECIDED,
    )


def a_lead_is_judged(world: World, api: bool = False) -> Write:
    lead = a_lead(world, in_force(_on(world)))
    how: Any = call if api else post
    path = f"{API}leads/{lead.id}/judgement/" if api else f"{PAGE}leads/{lead.id}/judge/"
    write: Write = how(
        world.operator,
        path,
        WHY | {"same_person" if api else "answer": "same"},
        event=Event.LEAD_JUDGED,
    )
    return write


_ENTRY = "api/v1/watchlist/entries/"
STORIES = {
    "POST watchlist-gate-fill": the_gate_is_filled,
    "POST watchlist-gate-withdraw": the_gate_is_withdrawn,
    "POST watchlist-propose": an_entry_is_proposed,
    f"POST {_ENTRY}": an_entry_is_proposed_by_api,
    "POST watchlist-decide": an_entry_is_approved,
    f"POST {_ENTRY}<uuid:entry_id>/decision/": an_entry_is_approved_by_api,
    "POST watchlist-renew": a_renewal_is_proposed,
    "POST watchlist-renewal-decide": a_renewal_is_decided,
    "POST watchlist-stop": lambda world: post(
        world.lead, _entry(in_force(_on(world)), "stop"), WHY, event=Event.ENTRY_DISABLED
    ),
    "POST watchlist-object": lambda world: post(
        world.lead,
        _entry(in_force(_on(world)), "object"),
        WHY,
        event=Event.ENTRY_OBJECTION_RECEIVED,
    ),
    "POST watchlist-objection-decide": an_objection_is_ruled_on,
    "POST watchlist-erase": lambda world: post(
        world.compliance, _entry(in_force(_on(world)), "erase"), WHY, event=Event.ENTRY_ERASED
    ),
    "POST watchlist-judge": a_lead_is_judged,
    "POST api/v1/watchlist/leads/<uuid:lead_id>/judgement/": lambda world: a_lead_is_judged(
        world, api=True
    ),
}
