"""Walks the web app as a reader of pages does: link by link, keeping what each link answered."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

from django.db import connection, transaction
from django.test import Client
from django.urls import Resolver404, resolve

from tests.audit.writes import stories
from tests.world import World

SAMPLES = 2
CLOSED = (
    "/accounts/logout/",
    "/admin/",  # its lists are opened one by one in tests/accounts/test_admin.py
    "/operations/temporal/",  # another server's pages
    "/api/",
)
_LINKS = {("a", "href"), ("img", "src"), ("video", "src"), ("source", "src"), ("iframe", "src")}
_GETS = {"hx-get", "data-hx-get"}


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One link that was followed: where it stood, and what it answered."""

    path: str
    came_from: str
    route: str
    status: int
    body: bytes = field(repr=False, default=b"")
    headers: dict[str, str] = field(repr=False, default_factory=dict)

    @property
    def is_page(self) -> bool:
        return self.status == 200 and b"<!DOCTYPE html>" in self.body[:200]


class _Links(HTMLParser):
    """The addresses a page offers to be read, and those its forms send to."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []
        self.sent_to: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.read += [value for name, value in given.items() if (tag, name) in _LINKS]
        self.read += [value for name, value in given.items() if name in _GETS]
        if tag == "form" and "action" in given:
            is_post = given.get("method", "get").lower() == "post"
            (self.sent_to if is_post else self.read).append(given["action"])


def links_of(body: bytes, *, path: str) -> tuple[list[str], list[str]]:
    """The same-origin addresses a page at `path` links to, and those its forms post to."""
    found = _Links()
    found.feed(body.decode())
    return _within(found.read, path), _within(found.sent_to, path)


def _within(addresses: Iterable[str], path: str) -> list[str]:
    joined = (urldefrag(urljoin(path, one.strip())).url for one in addresses)
    return [one for one in joined if one.startswith("/") and not one.startswith("/static/")]


def route_of(path: str) -> str:
    """The name of the address (its pattern, when it has none); "" where nothing answers."""
    try:
        found = resolve(urlsplit(path).path)
    except Resolver404:
        return ""
    return found.view_name or found.route


def _kind(path: str) -> tuple[str, tuple[str, ...]]:
    """What makes two addresses the same sort of page: the route and which questions it is asked."""
    asked = tuple(sorted({key for key, _ in parse_qsl(urlsplit(path).query)}))
    return route_of(path) or path, asked


def walk(client: Client, *, start: Iterable[str]) -> list[Visit]:
    """Follow every link from `start`, at most `SAMPLES` of a kind; what `CLOSED` names stays so."""
    waiting = deque((path, "start") for path in start)
    seen, taken, visits = set[str](), Counter[tuple[str, tuple[str, ...]]](), list[Visit]()
    while waiting:
        path, came_from = waiting.popleft()
        kind = _kind(path)
        if path in seen or taken[kind] >= SAMPLES or path.startswith(CLOSED):
            continue
        seen.add(path)
        taken[kind] += 1
        visit, found = _follow(client, path, came_from)
        visits.append(visit)
        waiting.extend((one, path) for one in found)
    return visits


def _follow(client: Client, path: str, came_from: str) -> tuple[Visit, list[str]]:
    answer = client.get(path)
    is_text = answer.get("Content-Type", "").startswith("text/html")
    # To the end: closing a stream halfway would close the connection of the test with it.
    content = answer.getvalue()
    body = content if is_text else b""
    found = links_of(body, path=path)[0] if is_text and body else []
    if answer.status_code in {301, 302, 303, 307, 308}:
        found = _within([answer["Location"]], path)
    visit = Visit(
        path=path,
        came_from=came_from,
        route=route_of(path),
        status=answer.status_code,
        body=body,
        headers=dict(answer.headers),
    )
    return visit, found


def furnish(world: World) -> None:
    """Set the scene of every write the product knows: at least one object of every kind and state. Needs the store."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    known = {
        name: story
        for name, story in stories().items()
        if name.startswith("POST ") and not name.startswith(("POST account", "POST mfa"))
    }
    set_up = sum(_set_scene(story, world) for story in known.values())
    assert set_up > 0.8 * len(known)


def _set_scene(story: object, world: World) -> bool:
    """Whether the scene could be set beside the others: two of them may want the same one thing."""
    try:
        with transaction.atomic():
            story(world)  # type: ignore[operator]
    except Exception:
        return False
    return True
