"""An entry has one form, whoever writes it down."""

import hashlib
import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.audit.entries import Entry, commitment
from apps.triage.canonical import canonical_bytes, canonical_json

words = st.text(st.characters(codec="utf-8"), max_size=30)
details = st.dictionaries(words, st.one_of(words, st.integers(-(2**53), 2**53), st.none()))
entries = st.builds(
    Entry,
    **{name: words for name in Entry.__dataclass_fields__ if name != "details"},
    details=details.map(canonical_json),
)


@given(entries)
def test_an_entry_is_the_canonical_json_of_its_fields(entry: Entry) -> None:
    fields = asdict(entry) | {"format": 1, "details": json.loads(entry.details)}
    assert entry.canonical() == canonical_bytes(fields)
    assert entry.leaf_hash() == hashlib.sha256(b"\x00" + entry.canonical()).digest()


@given(entries, st.data())
def test_no_field_can_change_without_the_hash(entry: Entry, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*Entry.__dataclass_fields__]))
    value = data.draw(details.map(canonical_json) if name == "details" else words)
    changed = replace(entry, **{name: value})
    assert (changed.leaf_hash() == entry.leaf_hash()) == (changed == entry)


def test_details_that_are_no_json_have_no_form() -> None:
    entry = Entry(**dict.fromkeys(Entry.__dataclass_fields__, ""))
    with pytest.raises(ValueError, match="Expecting value"):
        entry.canonical()


def test_a_commitment_says_nothing_without_its_salt() -> None:
    first = commitment(salt=b"1" * 32, text="Maria Lopez")
    assert first == hashlib.sha256(b"1" * 32 + b"Maria Lopez").hexdigest()
    assert first != commitment(salt=b"2" * 32, text="Maria Lopez")
