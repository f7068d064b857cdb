"""The wording of a report: sentences, each with the places in the record it was made from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from apps.triage.canonical import canonical_digest


class Origin(StrEnum):
    """Where a sentence comes from: the record, or the author alone."""

    RECORD = "record"
    OPERATOR = "operator"


@dataclass(frozen=True, kw_only=True)
class Source:
    """One value of the record as it was when the sentence was made.

    `digest` is the SHA-256 of the canonical value with its place; `shown` the value in words; `page` a route and an id
    ("alert:<uuid>") where a person can look it up, "" where there is none.
    """

    kind: str
    id: str
    field: str
    digest: str
    shown: str
    page: str = ""

    @property
    def place(self) -> tuple[str, str, str]:
        """What the source is of, whatever its value."""
        return self.kind, self.id, self.field


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """One statement. `drafted` is the record's own wording; a disclosure can be neither reworded nor left out.

    Raises ValueError for a sentence of the record without a source, or one of the author with any.
    """

    key: str
    section: str
    text: str
    origin: Origin
    sources: tuple[Source, ...] = ()
    drafted: str = ""
    is_included: bool = True
    is_disclosure: bool = False
    added_by: str = ""

    def __post_init__(self) -> None:
        if (self.origin is Origin.RECORD) != bool(self.sources):
            raise ValueError(f"{self.key}: sentences of the record have sources, others none")
        if self.is_disclosure and (not self.is_included or self.is_reworded):
            raise ValueError(f"{self.key}: what speaks against the statement stays as it is")
        if not self.text.strip():
            raise ValueError(f"{self.key}: a sentence has words")

    @property
    def is_reworded(self) -> bool:
        """Whether the author put the record's sentence in words of their own."""
        return self.origin is Origin.RECORD and self.text != self.drafted


@dataclass(frozen=True, kw_only=True)
class AsOf:
    """The moment the record was read at, and the size of the signed audit chain then; None before the first."""

    at: datetime
    tree_size: int | None = None


@dataclass(frozen=True, kw_only=True)
class Content:
    """A whole wording: sentences in order, and the form's fields a person filled in."""

    kind: str
    as_of: AsOf
    sentences: tuple[Sentence, ...]
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def included(self) -> tuple[Sentence, ...]:
        return tuple(one for one in self.sentences if one.is_included)

    @property
    def digest(self) -> str:
        return canonical_digest(as_json(self))

    def with_sentences(self, sentences: tuple[Sentence, ...]) -> "Content":
        return replace(self, sentences=sentences)


def as_json(content: Content) -> dict[str, Any]:
    """The content as plain JSON types: what is stored, hashed and confirmed."""
    return {
        "kind": content.kind,
        "as_of": {"at": content.as_of.at.isoformat(), "tree_size": content.as_of.tree_size},
        "sentences": [asdict(one) | {"origin": one.origin.value} for one in content.sentences],
        "fields": dict(content.fields),
    }


def from_json(stored: Mapping[str, Any]) -> Content:
    """The content as it was stored. Raises KeyError, ValueError for anything else."""
    as_of = stored["as_of"]
    return Content(
        kind=stored["kind"],
        as_of=AsOf(at=datetime.fromisoformat(as_of["at"]), tree_size=as_of["tree_size"]),
        sentences=tuple(map(_sentence, stored["sentences"])),
        fields=stored["fields"],
    )


def _sentence(stored: Mapping[str, Any]) -> Sentence:
    given = dict(stored)
    given["origin"] = Origin(given["origin"])
    given["sources"] = tuple(Source(**source) for source in given["sources"])
    return Sentence(**given)
