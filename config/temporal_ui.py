"""`/operations/temporal/`: Temporal's UI behind our sign-in.

The UI has no sign-in of its own and shows the runs of every tenant. So it listens on loopback, and this small ASGI
application lets through whoever may operate the whole installation; it costs one short query a request and holds no
database connection while it forwards. What somebody does there (every request that is not a mere look) is audited.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

import httpx
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib import auth
from django.db import DatabaseError, connection
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host
from django.urls import reverse
from psycopg_pool import PoolTimeout

from apps.accounts.actors import session_reference
from apps.accounts.models import Tenant, User
from apps.accounts.permissions import Permission
from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor, Channel, Event, Subject
from apps.audit.operations import record

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

PREFIX = "/operations/temporal"
LOOKING = frozenset({"GET", "HEAD"})
THEIR_COOKIE = "_csrf"
"""The only cookie of the UI's own; ours never reach it, and it sets no other."""

_TIME_OUT = httpx.Timeout(30.0, connect=3.0)
_HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te"}
    | {b"trailer", b"transfer-encoding", b"upgrade"}
)
_NOT_FORWARDED = _HOP_BY_HOP | {b"host", b"cookie", b"authorization", b"x-forwarded-for"}
_NOT_RETURNED = _HOP_BY_HOP | {b"set-cookie", b"content-security-policy", b"x-frame-options"}


@dataclass(frozen=True)
class Asked:
    """What we need of a request: its method, address and headers."""

    method: str
    scheme: str
    path: str
    query: str
    headers: Headers

    @classmethod
    def of(cls, scope: Scope) -> "Asked":
        path = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        return cls(
            scope["method"], scope["scheme"], path.partition("?")[0], query, list(scope["headers"])
        )

    def header(self, name: bytes) -> str:
        values = [value for key, value in self.headers if key == name]
        return b", ".join(values).decode("latin-1")

    def cookie(self, name: str) -> str:
        try:
            morsel = SimpleCookie(self.header(b"cookie")).get(name)
        except CookieError:
            return ""
        return morsel.value if morsel else ""

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.header(b'host')}"

    def comes_from_our_own_page(self) -> bool:
        """Browsers say where a request comes from; one that says nothing is not believed."""
        site = self.header(b"sec-fetch-site")
        said = self.header(b"origin")
        return site in {"", "same-origin"} and said in {self.origin, settings.PUBLIC_URL}


class Refused(Exception):
    """The request is answered by us: with a status and a sentence, or sent to the sign-in."""

    def __init__(self, status: int, sentence: str, *, location: str = "") -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.location = status, sentence, location


async def temporal_ui(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application below PREFIX."""
    asked = Asked.of(scope)
    try:
        _check_address(asked)
        await sync_to_async(_authorise, thread_sensitive=False)(asked)
        await _forward(asked, receive, send)
    except Refused as refusal:
        await _answer(send, refusal)
    except (DatabaseError, PoolTimeout):
        await _answer(send, Refused(503, "Not available just now, try again."))
    except httpx.HTTPError as problem:
        logger.warning("Temporal's UI does not answer: %s", type(problem).__name__)
        await _answer(send, Refused(502, "Temporal's UI does not answer."))


# --- who may


def _check_address(asked: Asked) -> None:
    host, _ = split_domain_port(asked.header(b"host"))
    if not validate_host(host, settings.ALLOWED_HOSTS):
        raise Refused(400, "This host name is not ours.")
    if not settings.TEMPORAL_UI_URL:
        raise Refused(404, "No address of a Temporal UI is configured (TEMPORAL_UI_URL).")
    if asked.method not in LOOKING and not asked.comes_from_our_own_page():
        raise Refused(403, "This request did not come from Temporal's own page.")


def _authorise(asked: Asked) -> None:
    """Let operators of the whole installation through. Raises Refused."""
    request = HttpRequest()
    key = asked.cookie(settings.SESSION_COOKIE_NAME)
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key or None)
    try:
        user = auth.get_user(request) if key else None
        if not isinstance(user, User):
            raise _to_sign_in(asked)
        actor = _actor(user, request)
        if not may_operate_everything(user):
            _audit(actor, Event.ACCESS_DENIED, asked)
            raise Refused(403, "This page is for those who operate the whole installation.")
        if asked.method not in LOOKING:
            _audit(actor, Event.OPERATIONS_ACTED, asked)
    finally:
        connection.close()


def may_operate_everything(user: User) -> bool:
    """Whether the person may see every tenant's runs: superusers, and operators of the only tenant."""
    if not user.may(Permission.OPERATE):
        return False
    return user.is_superuser or not Tenant.objects.exclude(id=user.tenant_id).exists()


def _to_sign_in(asked: Asked) -> Refused:
    if asked.method not in LOOKING:
        return Refused(403, "Sign in first.")
    here = quote(f"{asked.path}?{asked.query}" if asked.query else asked.path)
    return Refused(302, "Sign in first.", location=f"{reverse(settings.LOGIN_URL)}?next={here}")


def _actor(user: User, request: HttpRequest) -> Actor:
    session = session_reference(request)
    return Actor(
        tenant_id=user.tenant_id,
        user_id=user.id,
        role=user.role,
        channel=Channel.SCREEN,
        session=session,
    )


def _audit(actor: Actor, event: Event, asked: Asked) -> None:
    with tenant_scope(actor.tenant_id):
        record(
            actor=actor,
            event=event,
            subject=Subject("user", str(actor.user_id)),
            details={"method": asked.method, "route": asked.path},
        )


# --- forwarding

_clients: "WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient]" = WeakKeyDictionary()


def _client() -> httpx.AsyncClient:
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        _clients[loop] = httpx.AsyncClient(timeout=_TIME_OUT, trust_env=False, verify=_verify())
    return _clients[loop]


def _verify() -> bool:
    """Loading certificates takes long, and the embedded UI needs none."""
    return settings.TEMPORAL_UI_URL.startswith("https://")


async def _forward(asked: Asked, receive: Receive, send: Send) -> None:
    client = _client()
    request = client.build_request(
        asked.method,
        upstream_url(asked.path, asked.query),
        headers=[*_forwarded(asked)],
        content=None if asked.method in LOOKING else _body(receive),
    )
    response = await client.send(request, stream=True)
    try:
        headers = [*_returned(response.headers.raw), *_protecting(asked)]
        await send(
            {"type": "http.response.start", "status": response.status_code, "headers": headers}
        )
        async for chunk in response.aiter_raw():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        await response.aclose()


def upstream_url(path: str, query: str) -> str:
    """The UI's own address of what was asked below PREFIX."""
    rest = path.removeprefix(PREFIX) or "/"
    return f"{settings.TEMPORAL_UI_URL}{rest}" + (f"?{query}" if query else "")


def _forwarded(asked: Asked) -> Iterable[tuple[bytes, bytes]]:
    yield from ((name, value) for name, value in asked.headers if name not in _NOT_FORWARDED)
    if token := asked.cookie(THEIR_COOKIE):
        yield b"cookie", f"{THEIR_COOKIE}={token}".encode("latin-1")


def _returned(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
    ours = f"{THEIR_COOKIE}=".encode()
    for name, value in headers:
        key = name.lower()
        if key not in _NOT_RETURNED:
            yield key, value
        elif key == b"set-cookie" and value.startswith(ours):
            yield key, value.split(b";")[0] + f"; Path={PREFIX}/; SameSite=Strict".encode()


def _protecting(asked: Asked) -> Headers:
    """A policy for pages we did not write: they reach their own addresses and nothing else of ours."""
    own = f"{asked.origin}{PREFIX}/"
    policy = (
        f"default-src 'none'; script-src {own} 'unsafe-inline'; style-src {own} 'unsafe-inline'; "
        f"img-src {own} data:; font-src {own} data:; connect-src {own}; frame-src {own} blob: data:; "
        f"worker-src {own} blob:; manifest-src {own}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'"
    )
    return [
        (b"content-security-policy", policy.encode("latin-1")),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
    ]


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return
        yield message.get("body", b"")
        if not message.get("more_body"):
            return


async def _answer(send: Send, refusal: Refused) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    if refusal.location:
        headers.append((b"location", refusal.location.encode("latin-1")))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{refusal.sentence}\n".encode()})
