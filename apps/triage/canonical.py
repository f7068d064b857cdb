"""One way to write a value as JSON, so that its SHA-256 means the same thing everywhere.

Used for assessment records, payloads of decisions and audit leaves. The form survives a round
trip through PostgreSQL's `jsonb` and through other languages: keys sorted by code point, no white
space, UTF-8, floats rounded to 12 significant digits (IEEE 754 results may differ beyond that
between machines), whole floats written as integers, -0 as 0, no NaN, no infinity, no number that
a double cannot hold exactly. Standard library only.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import UUID

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"

SIGNIFICANT_DIGITS = 12
LARGEST_EXACT = 2**53
DEEPEST = 64


class NotCanonical(ValueError):
    """The value has no canonical form: NaN, too large a number, an unknown type, ..."""


def plain(value: object, *, depth: int = 0) -> JsonValue:
    """Return `value` as plain JSON types in canonical form; raise `NotCanonical` when it has none.

    UUIDs become their text, timezone-aware datetimes their UTC time in ISO 8601 with microseconds.
    """
    if depth > DEEPEST:
        raise NotCanonical(f"nested deeper than {DEEPEST} levels")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, UUID | datetime):
        return _identity(value)
    return _container(value, depth=depth)


def canonical_json(value: object) -> str:
    """Return the canonical JSON text of `value`."""
    return json.dumps(
        plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def canonical_bytes(value: object) -> bytes:
    """Return the canonical JSON of `value` in UTF-8: the bytes that are hashed and stored."""
    return canonical_json(value).encode("utf-8")


def canonical_digest(value: object) -> str:
    """Return the SHA-256 of the canonical JSON of `value` as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def significant(value: float) -> float:
    """Round to 12 significant decimal digits; -0.0 becomes 0.0."""
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}") + 0.0


def _number(value: float) -> int | float:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotCanonical(f"{value} is not a number that JSON can hold")
        rounded = significant(value)
        if not rounded.is_integer():
            return rounded
        value = int(rounded)
    if abs(value) > LARGEST_EXACT:
        raise NotCanonical(
            f"{value} is beyond ±2^53 and would not survive other readers; send it as text"
        )
    return int(value)


def _text(value: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotCanonical(
            "text holds half of a surrogate pair, which is not Unicode text"
        ) from error
    return str(value)


def _identity(value: UUID | datetime) -> str:
    if isinstance(value, UUID):
        return str(value)
    if value.tzinfo is None:
        raise NotCanonical("a time without its timezone is ambiguous")
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _container(value: object, *, depth: int) -> JsonValue:
    if isinstance(value, Mapping):
        return {_key(key): plain(item, depth=depth + 1) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [plain(item, depth=depth + 1) for item in value]
    raise NotCanonical(f"{type(value).__name__} has no canonical JSON form")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise NotCanonical(f"key {key!r} is not text")
    return _text(key)
