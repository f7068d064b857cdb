"""Values in words: times on a site's clock, people as tokens, machine words without underscores."""

import zoneinfo
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID


def moment(at: datetime, zone: str) -> str:
    """A time on the site's clock, to the second, with its distance from UTC."""
    local = at.astimezone(zoneinfo.ZoneInfo(zone))
    offset = local.strftime("%z")
    return f"{local.strftime('%d %B %Y, %H:%M:%S')} {zone} (UTC{offset[:3]}:{offset[3:5]})"


def utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def staff(user_id: UUID | None) -> str:
    """A colleague as a token: the name is put in when somebody reads it."""
    return f"[[user:{user_id}]]" if user_id else "Second Look"


def somebody(person_id: UUID) -> str:
    """A person of the case as a token."""
    return f"[[person:{person_id}]]"


def plain_words(code: str) -> str:
    return code.replace("_", " ")


def listed(words: Iterable[str]) -> str:
    """a, b and c."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def seconds(value: float | None) -> str:
    return "not known" if value is None else f"{value:.1f} s"
