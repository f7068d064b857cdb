"""The stories of every write: who does it, through which address, and which event it leaves.

One module an app, found by being here. Each has `STORIES`: what introspection calls the write ("POST case-move",
"sites.site add") → a function that sets the scene in the world it is given and returns a `Write`, without performing it.
A write that leaves no event stands in `EXEMPT` of its module, with the reason.
"""

import importlib
import json
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.accounts.models import User
from apps.audit.events import Event
from tests.console.people import signed_in
from tests.world import World


@dataclass(frozen=True, kw_only=True)
class Write:
    """One request that writes. `send` performs it, and could be called again had it been undone.

    `by` is who acts; None for the system, a detector, or a recipient without an account.
    """

    event: Event
    send: Callable[[], Any]
    by: User | None = None


Story = Callable[[World], Write]


def post(user: User, path: str, data: Mapping[str, Any] | None = None, *, event: Event) -> Write:
    """A form sent by a person who signed in just now."""
    client = signed_in(user)
    return Write(by=user, event=event, send=lambda: client.post(path, dict(data or {})))


def call(
    user: User, path: str, body: object = None, *, event: Event, method: str = "POST"
) -> Write:
    """A request with a JSON body by a person who signed in just now."""
    client, content = signed_in(user), json.dumps({} if body is None else body)
    return Write(
        by=user,
        event=event,
        send=lambda: client.generic(method, path, content, content_type="application/json"),
    )


def act(user: User, model: str, name: str, ids: list[Any], *, event: Event) -> Write:
    """An action on rows chosen in the admin's list of a model ("sites.cameralink")."""
    data = {"action": name, "_selected_action": [str(one) for one in ids]}
    return post(user, f"/admin/{model.replace('.', '/')}/", data, event=event)


def _gathered(table: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        entries = getattr(importlib.import_module(module.name), table, {})
        twice = found.keys() & entries.keys()
        assert not twice, f"{sorted(twice)} is told twice"
        found |= entries
    return found


def stories() -> dict[str, Story]:
    """Every story, by what introspection calls its write."""
    return _gathered("STORIES")


def exempt() -> dict[str, str]:
    """Every write without an event, with the reason."""
    return _gathered("EXEMPT")
