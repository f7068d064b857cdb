"""Frozen dataclasses ↔ plain JSON, strictly: nothing missing, nothing unknown, nothing coerced.

Reading goes through each class's own `__post_init__`, so a stored record or cost model is checked
again whenever it is read.

A field that came later says so: `field(default=None, metadata=SINCE_2)`. What is stored under an
earlier schema is read with the default, which must mean what was concluded without the field, and
is written without it, so that its digest still holds.
"""

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar, cast

from apps.triage.canonical import JsonValue, plain

T = TypeVar("T")

SINCE_2: Mapping[str, int] = MappingProxyType({"since": 2})
"""The metadata of a dataclass field that schema 1 of the assessment record did not have."""

SINCE_3: Mapping[str, int] = MappingProxyType({"since": 3})
"""The metadata of a dataclass field that schemas 1 and 2 did not have."""

SINCE_4: Mapping[str, int] = MappingProxyType({"since": 4})
"""The metadata of a dataclass field that schemas 1 to 3 did not have."""

SINCE_5: Mapping[str, int] = MappingProxyType({"since": 5})
"""The metadata of a dataclass field that schemas 1 to 4 did not have."""


class UnableToDecode(ValueError):
    """The JSON does not describe the value; the message names the place."""


def encode(value: Any, *, schema: int | None = None) -> dict[str, JsonValue]:
    """Return a dataclass as plain canonical JSON: floats rounded to 12 significant digits.

    With a `schema`, fields that came after it are left out, at every depth.
    """
    return cast(dict[str, JsonValue], plain(_bare(value, schema)))


def decode(kind: type[T], raw: object, *, at: str = "") -> T:
    """Return the `kind` that `raw` describes; raise `UnableToDecode` naming the place if none."""
    return cast(T, _decode(kind, raw, at or kind.__name__))


def _bare(value: Any, schema: int | None) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            one.name: _bare(getattr(value, one.name), schema)
            for one in dataclasses.fields(value)
            if schema is None or one.metadata.get("since", 1) <= schema
        }
    if isinstance(value, Mapping):
        return {key: _bare(item, schema) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_bare(item, schema) for item in value]
    return value


def _decode(kind: Any, raw: object, at: str) -> object:
    if dataclasses.is_dataclass(kind):
        return _dataclass(cast(type, kind), raw, at)
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        return _optional(kind, raw, at)
    if origin is tuple:
        return _tuple(kind, raw, at)
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(kind, raw, at)
    return _scalar(kind, raw, at)


def _dataclass(kind: type, raw: object, at: str) -> object:
    if not isinstance(raw, Mapping):
        raise UnableToDecode(f"{at}: an object is needed")
    hints = _hints(kind)
    if unknown := set(raw) - set(hints):
        raise UnableToDecode(f"{at}: {sorted(map(str, unknown))} unknown")
    required = {
        one.name
        for one in dataclasses.fields(kind)
        if one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
    }
    if missing := required - set(raw):
        raise UnableToDecode(f"{at}: {sorted(missing)} missing")
    values = {name: _decode(hints[name], item, f"{at}.{name}") for name, item in raw.items()}
    try:
        return kind(**values)
    except ValueError as error:
        raise UnableToDecode(f"{at}: {error}") from error


def _optional(kind: Any, raw: object, at: str) -> object:
    inner = [one for one in typing.get_args(kind) if one is not types.NoneType]
    if raw is None:
        return None
    return _decode(inner[0], raw, at)


def _tuple(kind: Any, raw: object, at: str) -> tuple[object, ...]:
    if not isinstance(raw, list | tuple):
        raise UnableToDecode(f"{at}: a list is needed")
    inner = typing.get_args(kind)[0]
    return tuple(_decode(inner, item, f"{at}[{index}]") for index, item in enumerate(raw))


def _mapping(kind: Any, raw: object, at: str) -> dict[str, object]:
    if not isinstance(raw, Mapping):
        raise UnableToDecode(f"{at}: an object is needed")
    inner = typing.get_args(kind)[1]
    return {str(key): _decode(inner, item, f"{at}.{key}") for key, item in raw.items()}


def _scalar(kind: Any, raw: object, at: str) -> object:
    if issubclass(kind, StrEnum):
        try:
            return kind(raw)
        except ValueError:
            raise UnableToDecode(f"{at}: not one of {', '.join(kind)}") from None
    if kind is float and isinstance(raw, int | float) and not isinstance(raw, bool):
        return _float(raw, at)
    if type(raw) is not kind:
        raise UnableToDecode(f"{at}: {kind.__name__} is needed, not {type(raw).__name__}")
    return raw


def _float(raw: float, at: str) -> float:
    try:
        return float(raw)
    except OverflowError:
        raise UnableToDecode(f"{at}: the number is too large") from None


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return typing.get_type_hints(kind)
