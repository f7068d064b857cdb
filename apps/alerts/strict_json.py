"""JSON as strangers may send it: read once, strictly, within limits, or refused with the reason.

Python's reader accepts duplicate keys (the last one wins), NaN, infinities and half a surrogate
pair; any of these would let two readers of one signed body disagree about what it says.
"""

import json
import math
from collections.abc import Mapping
from typing import Never, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

DEEPEST = 16
MOST_VALUES = 20_000
LARGEST_INTEGER = 2**53


class NotStrictJson(ValueError):
    """The bytes are not the JSON we accept; `str()` says why, `path` where (may be "")."""

    def __init__(self, message: str, *, path: str = "") -> None:
        super().__init__(message)
        self.path = path


def read_json(raw: bytes) -> Json:
    """Return the value of a UTF-8 JSON text.

    Raises NotStrictJson for: other encodings, a syntax error (with line and column), duplicate
    keys, NaN or an infinity, numbers a double cannot hold exactly, more than `DEEPEST` levels or
    `MOST_VALUES` values, and text with NUL, other control characters or lone surrogates.
    """
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_exact,
        )
    except NotStrictJson:
        raise
    except UnicodeDecodeError as error:
        raise NotStrictJson(f"the body is not UTF-8 (byte {error.start})") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise NotStrictJson(f"not JSON: {error.msg} at {where}") from error
    except RecursionError as error:
        raise NotStrictJson(f"nested deeper than {DEEPEST} levels") from error
    _walk(value)
    return value  # type: ignore[no-any-return]


def path_to(parent: str, key: str | int) -> str:
    """Name a place: `signals[2].value`. Keys are cut to what is safe to echo."""
    if isinstance(key, int):
        return f"{parent}[{key}]"
    name = "".join(c if c.isprintable() and c.isascii() else "?" for c in key[:60])
    return f"{parent}.{name}" if parent else name


def unsafe_character(text: str) -> str:
    """What in `text` cannot be stored, in words; "" when all of it can.

    Zero-width and bidirectional marks are text and stay; screens isolate them.
    """
    for character in text:
        code = ord(character)
        if code == 0:
            return "a NUL character"
        if 0xD800 <= code <= 0xDFFF:
            return "half of a surrogate pair"
        if (code < 0x20 and character not in "\t\n\r") or 0x7F <= code < 0xA0:
            return f"the control character U+{code:04X}"
    return ""


def _without_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise NotStrictJson("this key is given twice", path=path_to("", key))
            seen.add(key)
    return found


def _no_constant(word: str) -> Never:
    raise NotStrictJson(f"{word} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NotStrictJson(f"the number {text[:40]} is too large")
    return number


def _exact(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > LARGEST_INTEGER:
        raise NotStrictJson(f"the whole number {text[:40]} is beyond ±2^53; send it as text")
    return int(text)


def _walk(root: Json) -> None:
    """Check depth, count and text without recursing, so that depth cannot hurt the checker."""
    waiting: list[tuple[Json, str, int]] = [(root, "", 1)]
    count = 0
    while waiting:
        value, path, depth = waiting.pop()
        count += 1
        if depth > DEEPEST:
            raise NotStrictJson(f"nested deeper than {DEEPEST} levels", path=path[:200])
        if count > MOST_VALUES:
            raise NotStrictJson(f"more than {MOST_VALUES} values")
        if isinstance(value, str):
            _require_safe(value, path)
        elif isinstance(value, Mapping):
            for key, item in value.items():
                _require_safe(key, path_to(path, key))
                waiting.append((item, path_to(path, key), depth + 1))
        elif isinstance(value, list):
            waiting.extend((item, path_to(path, at), depth + 1) for at, item in enumerate(value))


def _require_safe(text: str, path: str) -> None:
    if unsafe := unsafe_character(text):
        raise NotStrictJson(f"the text holds {unsafe}", path=path)
