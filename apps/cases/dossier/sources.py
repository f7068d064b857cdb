"""What a dossier cites but does not own: versions of registers kept by the layers above, which register here.

A source is asked for a tenant and a moment and answers with the version's name, or None when there was none.
"""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from uuid import UUID

Reader = Callable[[UUID, UUID, datetime], str | None]


class Source(StrEnum):
    """What may be cited; the reader is asked for (tenant, site, moment)."""

    RISK_REGISTER = "risk register"
    SYSTEM_CARD = "system card"
    NOTICE = "notice at the site"


_readers: dict[Source, Reader] = {}


def cite_by(source: Source, reader: Reader) -> None:
    """Let a layer above answer for a source. Called once, when the app is ready; the last one called counts."""
    _readers[source] = reader


def citation(source: Source, *, tenant_id: UUID, site_id: UUID, at: datetime) -> str:
    """The version in force at that moment, or why none is known."""
    reader = _readers.get(source)
    if reader is None:
        return f"not known because no {source.value} is kept"
    found = reader(tenant_id, site_id, at)
    return found or f"not known because no version of the {source.value} was in force at that time"
