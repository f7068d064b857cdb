"""Typed readers of the environment: a wrong value stops the process with one clear sentence.

A variable of the process itself wins; otherwise the running embedded stack's own file (`<SECOND_LOOK_HOME>/stack.env`,
written by `manage.py up`) answers, so that `manage.py` commands find the stack without further ado.
"""

import os
from collections.abc import Collection
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

REPOSITORY = Path(__file__).resolve().parent.parent


class BadSetting(SystemExit):
    """A variable has a value nobody can work with."""

    def __init__(self, name: str, value: str, wanted: str) -> None:
        super().__init__(f"{name} is {value!r}, but must be {wanted}.")


def home() -> Path:
    """The folder of everything this installation writes: data, logs, secrets, spool."""
    return Path(os.environ.get("SECOND_LOOK_HOME") or REPOSITORY / "var").absolute()


@cache
def _stack() -> dict[str, str]:
    try:
        lines = (home() / "stack.env").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def text(name: str, default: str = "") -> str:
    return os.environ.get(name) or _stack().get(name) or default


def path(name: str, default: Path) -> Path:
    return Path(text(name, str(default))).absolute()


def boolean(name: str, *, default: bool) -> bool:
    value = text(name, str(default)).strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise BadSetting(name, value, "true or false")


def choice(name: str, default: str, *, among: Collection[str]) -> str:
    """One of a few words."""
    value = text(name, default)
    if value not in among:
        raise BadSetting(name, value, f"one of {', '.join(among)}")
    return value


def integer(name: str, default: int, *, least: int = 0) -> int:
    value = text(name, str(default))
    try:
        number = int(value)
    except ValueError:
        raise BadSetting(name, value, "a whole number") from None
    if number < least:
        raise BadSetting(name, value, f"at least {least}")
    return number


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def http_url(name: str, default: str = "") -> str:
    value = text(name, default).rstrip("/")
    if value and urlsplit(value).scheme not in {"http", "https"}:
        raise BadSetting(name, value, "an http:// or https:// address")
    return value


def database(name: str) -> dict[str, object]:
    """The parts of a postgresql:// address, as Django names them; {} when the variable is not set."""
    value = text(name)
    if not value:
        return {}
    parts = urlsplit(value)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.hostname or len(parts.path) < 2:
        raise BadSetting(name, "(hidden)", "postgresql://user:password@host:port/database")
    return {
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname,
        "PORT": str(parts.port or 5432),
    }
