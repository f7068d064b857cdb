"""One wording against another, and against the record as it is now."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from apps.reports.drafting.facts import Facts
from apps.reports.drafting.kinds import KINDS, draft
from apps.reports.drafting.sentences import AsOf, Content, Origin, Sentence, Source


class Happened(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    LEFT_OUT = "left_out"
    TAKEN_IN = "taken_in"


@dataclass(frozen=True, kw_only=True)
class Change:
    """What became of one sentence or field between two wordings; a text is "" where there was none."""

    key: str
    happened: Happened
    before: str
    after: str


def redraft(content: Content, facts: Facts, *, as_of: AsOf) -> Content:
    """The wording made anew from the record: what it no longer supports is gone, the author's own stays.

    A sentence whose sources all stand keeps the author's words and whether it was left out; one whose source was
    removed goes, and one whose source has changed comes in the record's new words.
    """
    known = {one.key: one for one in content.sentences if one.origin is Origin.RECORD}
    fresh = [_kept(one, known.get(one.key)) for one in draft(content.kind, facts)]
    own = [one for one in content.sentences if one.origin is Origin.OPERATOR]
    return replace(content, as_of=as_of, sentences=ordered(content.kind, [*fresh, *own]))


def _kept(fresh: Sentence, known: Sentence | None) -> Sentence:
    if known is None or known.sources != fresh.sources or known.drafted != fresh.drafted:
        return fresh
    return known


def ordered(kind: str, sentences: Iterable[Sentence]) -> tuple[Sentence, ...]:
    """The sentences in the order of the kind's sections; within a section as they come."""
    places = {name: place for place, name in enumerate(KINDS[kind].sections)}
    return tuple(sorted(sentences, key=lambda one: places[one.section]))


@dataclass(frozen=True, kw_only=True)
class Fallen:
    """A sentence the record no longer supports as it stands, and the sources that are gone or have changed."""

    sentence: Sentence
    gone: tuple[Source, ...]
    changed: tuple[Source, ...]


def fallen(content: Content, facts: Facts) -> list[Fallen]:
    """The sentences with a source that is not in the record any more, or says something else now."""
    found = []
    for one in content.included:
        broken = [source for source in one.sources if not facts.stand(source)]
        gone = tuple(source for source in broken if facts.get(*source.place) is None)
        if broken:
            changed = tuple(source for source in broken if source not in gone)
            found.append(Fallen(sentence=one, gone=gone, changed=changed))
    return found


def undisclosed(content: Content, facts: Facts) -> list[Sentence]:
    """What speaks against the statement by the record as it is now, and is not in the wording."""
    said = {one.key for one in content.included}
    return [one for one in draft(content.kind, facts) if one.is_disclosure and one.key not in said]


def changes(before: Content, after: Content) -> list[Change]:
    """What differs between two wordings, sentence by sentence and field by field, in the order of the later one."""
    old = {one.key: one for one in before.sentences}
    new = {one.key: one for one in after.sentences}
    told = [_change(old.get(key), one) for key, one in new.items()]
    told += [_change(one, None) for key, one in old.items() if key not in new]
    told += [
        Change(key=f"field.{name}", happened=Happened.CHANGED, before=was, after=now)
        for name in dict.fromkeys([*before.fields, *after.fields])
        if (was := before.fields.get(name, "")) != (now := after.fields.get(name, ""))
    ]
    return [change for change in told if change is not None]


def _change(old: Sentence | None, new: Sentence | None) -> Change | None:
    if old is None or new is None:
        happened = Happened.ADDED if old is None else Happened.REMOVED
    elif old.is_included != new.is_included:
        happened = Happened.TAKEN_IN if new.is_included else Happened.LEFT_OUT
    elif old.text != new.text:
        happened = Happened.CHANGED
    else:
        return None
    one = new or old
    assert one is not None
    return Change(
        key=one.key,
        happened=happened,
        before=old.text if old else "",
        after=new.text if new else "",
    )
