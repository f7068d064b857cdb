"""Every write leaves an event: addresses and admin acts are found by introspection, and each has to tell its story.

To add one: put a line into `STORIES` of the app's module in tests/audit/writes (see there).
"""

import gc
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from apps.alerts.refusals import Allowance
from apps.audit.models import InboxEntry
from tests.audit.introspection import (
    admin_addresses_of_our_own,
    admin_writes,
    written_addresses,
)
from tests.audit.writes import exempt, stories
from tests.world import World

_CHANNELS = {"api/": "api", "admin": "admin"}
_NOT_BUSINESS = ("audit_", "django_", "auth_", "account_", "mfa_")


class NoChain(Exception):
    """The audit chain does not take the event."""


def test_every_write_has_a_story() -> None:
    told = stories().keys() | exempt().keys()
    found = written_addresses() | admin_writes()
    assert sorted(found - told) == [], "these write and nobody says which audit event they leave"


def test_no_story_is_told_of_what_is_gone() -> None:
    told = stories().keys() | exempt().keys()
    assert sorted(told - written_addresses() - admin_writes()) == []


def test_every_exemption_has_its_reason_and_no_story() -> None:
    assert not stories().keys() & exempt().keys()
    assert [name for name, reason in exempt().items() if len(reason) < 20] == []


def test_the_admin_has_no_pages_past_its_models() -> None:
    assert admin_addresses_of_our_own() == set()


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A spool of its own, and refusals that are all recorded."""
    settings.CLIP_SPOOL = tmp_path / "spool"
    monkeypatch.setattr("apps.alerts.refusals._allowance", Allowance(10_000))


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(stories()))
def test_a_write_and_its_event_are_one(
    world: World,
    s3: dict[str, str],
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While the chain takes no event nothing is written; with it the event is there, from the right door."""
    write = stories()[name](world)
    before, last = _rows(), _last_event()
    with monkeypatch.context() as patch:
        patch.setattr("apps.audit.operations._details", _refuse)
        with pytest.raises(NoChain):
            write.send()
    transaction.set_rollback(False)  # the API marks the outermost transaction: here the test's own
    _let_go()
    assert _rows() == before, "written although its event could not be"

    answer = write.send()

    assert answer.status_code < 400, answer.content.decode()[-3000:]
    left = list(InboxEntry.objects.filter(id__gt=last, event=write.event.value))
    told = sorted(InboxEntry.objects.filter(id__gt=last).values_list("event", flat=True))
    assert left, f"no {write.event.value}; there were {told}"
    who = "" if write.by is None else str(write.by.id)
    assert {(entry.channel, entry.actor) for entry in left} == {(_door(answer), who)}


def _let_go() -> None:
    """A request that broke off leaves its temporary files to the garbage collector, which would complain later."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def _refuse(*_: Any, **__: Any) -> str:
    raise NoChain


def _door(answer: Any) -> str:
    path = str(answer.request["PATH_INFO"])
    return next((door for start, door in _CHANNELS.items() if path[1:].startswith(start)), "screen")


def _last_event() -> int:
    newest = InboxEntry.objects.order_by("-id").first()
    return newest.id if newest else 0


def _rows() -> dict[str, tuple[int, str]]:
    """How many rows each table has, and a digest of all they say, as far as the world's retailer sees them."""
    with connection.cursor() as cursor:
        tables = [name for name in _tables() if not name.startswith(_NOT_BUSINESS)]
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{name}', count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
                f' FROM "{name}" AS t'
                for name in tables
            )
        )
        return {name: (count, digest) for name, count, digest in cursor.fetchall()}


def _tables() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
            " AND has_table_privilege(oid, 'SELECT') ORDER BY relname"
        )
        yield from (name for (name,) in cursor.fetchall())
