"""The kinds of offence a case may be about: what to do, what to obtain, and what to fill in. One data file, versioned."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Offence:
    """One kind of offence: its words, its fields by key, its checklist and the exhibits it wants."""

    key: str
    version: int
    words: str
    fields: Mapping[str, str]
    tasks: tuple[str, ...]
    exhibits: tuple[str, ...]


@cache
def offences() -> dict[str, Offence]:
    """Every kind of offence, by key. Raises ValueError for a file that says nothing to do."""
    content = tomllib.loads(Path(__file__).with_name("offences.toml").read_text(encoding="utf-8"))
    version = int(content.pop("version"))
    found = {
        key: Offence(
            key=key,
            version=version,
            words=entry["words"],
            fields=entry["fields"],
            tasks=tuple(entry["tasks"]),
            exhibits=tuple(entry["exhibits"]),
        )
        for key, entry in content.items()
    }
    if not all(offence.tasks and offence.exhibits for offence in found.values()):
        raise ValueError("every offence names something to do and something to obtain")
    return found
