"""The risk register's entries: read from the shipped file or from a tenant's version, and checked either way."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext

SHIPPED: Final = Path(__file__).with_name("risks.toml")
SHIPPED_ON: Final = date(2026, 11, 23)
REVIEW_EVERY: Final = timedelta(days=180)
LONGEST_TEXT: Final = 1_000
MOST_ENTRIES: Final = 200


class UnableToRead(ValueError):
    """Entries that make no register; the message names the entry and what is missing."""


@dataclass(frozen=True, kw_only=True)
class Risk:
    """One hazard. `test` is the id of the test that fails when the control is gone, "" for an organisational one."""

    id: str
    hazard: str
    cause: str
    affected: str
    control: str
    residual: str
    owner: str
    test: str = ""
    review_on: date = field(default=SHIPPED_ON + REVIEW_EVERY)

    def __post_init__(self) -> None:
        for one in fields(self):
            text = getattr(self, one.name)
            if one.name not in ("test", "review_on") and not str(text).strip():
                raise UnableToRead(
                    gettext("%(self_id_or_an_entry)s: %(one_name)s is missing.")
                    % {"self_id_or_an_entry": self.id or "An entry", "one_name": one.name}
                )
            if len(str(text)) > LONGEST_TEXT:
                raise UnableToRead(
                    gettext("%(self_id)s: %(one_name)s has more than %(longest_text)s characters.")
                    % {"self_id": self.id, "one_name": one.name, "longest_text": LONGEST_TEXT}
                )

    def is_due(self, on: date) -> bool:
        return self.review_on <= on

    def as_json(self) -> dict[str, str]:
        return {name: str(value) for name, value in asdict(self).items()}


@cache
def shipped_risks() -> tuple[Risk, ...]:
    """The register as this release ships it."""
    return risks_of(tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["risk"])


def risks_of(rows: Sequence[Mapping[str, Any]]) -> tuple[Risk, ...]:
    """Entries from plain values; dates may be text. Raises UnableToRead."""
    if not 1 <= len(rows) <= MOST_ENTRIES:
        raise UnableToRead(
            gettext("A register has 1 to %(most_entries)s entries.")
            % {"most_entries": MOST_ENTRIES}
        )
    found = tuple(_risk(row) for row in rows)
    if len({one.id for one in found}) != len(found):
        raise UnableToRead(gettext("Two entries have the same id."))
    return found


def _risk(row: Mapping[str, Any]) -> Risk:
    try:
        stated = dict(row)
        if isinstance(stated.get("review_on"), str):
            stated["review_on"] = date.fromisoformat(stated["review_on"])
        return Risk(**stated)
    except UnableToRead:
        raise
    except (TypeError, ValueError) as error:
        raise UnableToRead(f"{row.get('id', 'An entry')}: {error}") from error
