"""Facts of the record, by place, and the one way to make a sentence of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

from apps.reports.drafting.sentences import Origin, Sentence, Source
from apps.triage.canonical import JsonValue, canonical_digest, plain


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One value of the record. `shown` says it in words; for a value of None it says why it is not known."""

    kind: str
    id: str
    field: str
    value: JsonValue
    shown: str
    page: str = ""

    @property
    def source(self) -> Source:
        place = {"kind": self.kind, "id": self.id, "field": self.field}
        return Source(
            **place,
            digest=canonical_digest(place | {"value": self.value}),
            shown=self.shown,
            page=self.page,
        )


@dataclass(frozen=True, kw_only=True)
class Derived:
    """Something worked out from several facts: all of them are its sources."""

    shown: str
    facts: tuple[Fact, ...]


class Facts:
    """The facts of one case by (kind, id, field), in the order in which they were read."""

    def __init__(self) -> None:
        self._facts: dict[tuple[str, str, str], Fact] = {}

    def add(
        self,
        kind: str,
        id_: UUID | int | str,
        *,
        page: str = "",
        **fields: object,
    ) -> None:
        """Note the fields of a thing. A field is its value, or (value, words for it)."""
        for name, given in fields.items():
            value, shown = given if isinstance(given, tuple) else (given, str(given))
            fact = Fact(
                kind=kind, id=str(id_), field=name, value=plain(value), shown=str(shown), page=page
            )
            self._facts[kind, str(id_), name] = fact

    def get(self, kind: str, id_: object, field: str) -> Fact | None:
        return self._facts.get((kind, str(id_), field))

    def of(self, kind: str, id_: object) -> Callable[[str], Fact | None]:
        """The fields of one thing: `of("alert", id)("score")`."""
        return lambda field: self.get(kind, id_, field)

    def ids(self, kind: str) -> list[str]:
        """The things of a kind, each once, in the order in which they were read."""
        return list(dict.fromkeys(id_ for known, id_, _ in self._facts if known == kind))

    def those(self, kind: str, *, field: str, value: object) -> list[str]:
        """The things of a kind whose `field` has this value."""
        wanted = plain(value)
        return [
            id_
            for id_ in self.ids(kind)
            if (fact := self.get(kind, id_, field)) and fact.value == wanted
        ]

    def without(self, kind: str, id_: str) -> "Facts":
        """The same facts as if this thing had never been recorded."""
        rest = Facts()
        rest._facts = {
            place: fact for place, fact in self._facts.items() if place[:2] != (kind, id_)
        }
        return rest

    def stand(self, source: Source) -> bool:
        """Whether the record still says what the source says."""
        fact = self._facts.get(source.place)
        return fact is not None and fact.source.digest == source.digest

    def __iter__(self) -> Iterator[Fact]:
        return iter(self._facts.values())


def tell(
    key: str, pattern: str, /, *, disclosure: bool = False, **parts: Fact | Derived | None
) -> Sentence | None:
    """A sentence with every value taken from a fact; None where one of them is missing.

    `key` is "section.rest"; `pattern` is a format string over the names of `parts`. Parts whose name ends in an
    underscore are sources of the sentence without being quoted in it.
    """
    told: dict[str, str] = {}
    sources: list[Source] = []
    for name, part in parts.items():
        if part is None:
            return None
        told[name] = part.shown
        facts = part.facts if isinstance(part, Derived) else (part,)
        sources += [fact.source for fact in facts]
    text = pattern.format(**told)
    return Sentence(
        key=key,
        section=key.partition(".")[0],
        text=text,
        drafted=text,
        origin=Origin.RECORD,
        sources=tuple(dict.fromkeys(sources)),
        is_disclosure=disclosure,
    )


def derived(shown: str, *facts: Fact | None) -> Derived | None:
    """Words worked out from facts; None where one of them is missing."""
    known = tuple(fact for fact in facts if fact is not None)
    return Derived(shown=shown, facts=known) if len(known) == len(facts) else None
