"""The web server's entry: Django, the live event stream beside it, and Temporal's UI behind our sign-in."""

import gc
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast

from django.core.asgi import get_asgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")  # noqa: TID251 - before settings can be read
django = get_asgi_application()

from apps.console.live import application as live  # noqa: E402 - needs Django's apps
from config.body_limit import Application, limited  # noqa: E402
from config.temporal_ui import temporal_ui  # noqa: E402

pages = limited(cast(Application, django))

# All addresses are loaded before the first request, which would wait for them, with all behind it.
get_resolver().reverse_dict  # noqa: B018 - reading it loads them

# What is loaded by now stays: the collector need not look through it while somebody waits.
gc.collect()
gc.freeze()

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Dispatch by path; everything else is Django's."""
    path = scope.get("path", "")
    if scope["type"] == "http" and path == "/live/":
        await live(scope, receive, send)
    elif scope["type"] == "http" and path.startswith("/operations/temporal/"):
        await temporal_ui(scope, receive, send)
    elif scope["type"] == "lifespan":
        await _lifespan(receive, send)
    else:
        await pages(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
