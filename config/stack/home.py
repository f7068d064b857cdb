"""The folder that holds a stack's data, ports, passwords and logs."""

import contextlib
import json
import os
import secrets
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.stack.server import LOOPBACK

_FREE_PORTS = range(20000, 32000)  # below Linux's ephemeral range, and +10000 stays a port

_reserved: set[tuple[Path, int]] = set()  # what this process holds, and for which home


class NoPortFree(Exception):
    """No port (or pair of ports) could be bound on loopback."""


@dataclass(frozen=True)
class Home:
    """One stack's folder (SECOND_LOOK_HOME). Two homes may run side by side on one machine.

    Ports and passwords are chosen once and remembered in `ports.json` and `passwords.json` (0600).
    """

    path: Path
    prefer_default_ports: bool = True

    def __post_init__(self) -> None:
        if not self.path.is_absolute():
            raise ValueError(f"a stack's home must be an absolute path, not {self.path}")

    def folder(self, *parts: str) -> Path:
        """A folder below the home, created for our eyes only.

        The home itself lets others through (not look): as root, PostgreSQL runs as another account.
        """
        self.path.mkdir(mode=0o711, parents=True, exist_ok=True)
        wanted = self.path.joinpath(*parts)
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        return wanted

    def log(self, name: str) -> Path:
        """Where the process called `name` writes its output."""
        return self.folder("logs") / f"{name}.log"

    def password(self, name: str) -> str:
        """The secret called `name`, invented on first use: URL-safe, 43 characters."""
        known = _read(self.path / "passwords.json")
        if name not in known:
            known[name] = secrets.token_urlsafe(32)
            write_private(self.folder() / "passwords.json", json.dumps(known, indent=1))
        return str(known[name])

    def chosen_port(self, name: str) -> int:
        """The port chosen for `name` by an earlier `choose_port`, perhaps of another process.

        Raises KeyError when none was chosen yet.
        """
        return int(_read(self.path / "ports.json")[name])

    def choose_port(
        self,
        name: str,
        *,
        default: int,
        offsets: Sequence[int] = (0,),
        suits: Callable[[int], bool] = lambda port: True,
    ) -> int:
        """The port for `name`: the one used last, else the default, else any that is free.

        With `offsets` a group of ports is chosen together: (0, 10000) for a port and its gRPC one;
        `suits` is what else the server asks of its first port. They stay reserved for this home
        until the process ends, and are not tested again.

        Raises NoPortFree.
        """
        known = _read(self.path / "ports.json")
        remembered = [int(known[name])] if name in known else []
        if remembered and (self.path, remembered[0]) in _reserved:
            return remembered[0]
        usual = [default] if self.prefer_default_ports else []
        for candidate in [*remembered, *usual, *_some(_FREE_PORTS)]:
            if suits(candidate) and self._reserve([candidate + offset for offset in offsets]):
                ports = json.dumps(known | {name: candidate}, indent=1)
                write_private(self.folder() / "ports.json", ports)
                return candidate
        raise NoPortFree(f"no free port for {name} on {LOOPBACK}")

    def _reserve(self, ports: Sequence[int]) -> bool:
        with contextlib.ExitStack() as undo:
            held = []
            for port in ports:
                token = _reservation(port)
                if token is None:
                    return False
                held.append(undo.enter_context(token))
                if not _bindable(port):
                    return False
            undo.pop_all()
        for token in held:
            token.detach()  # stays open until the process ends
        _reserved.update((self.path, port) for port in ports)
        return True


def write_private(path: Path, text: str) -> None:
    """Replace `path` in one step by a file only its owner can read."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)


def _read(path: Path) -> dict[str, str | int]:
    if not path.exists():
        return {}
    found: dict[str, str | int] = json.loads(path.read_text())
    return found


def _some(ports: range) -> list[int]:
    return secrets.SystemRandom().sample(ports, k=200)


def _bindable(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _reservation(port: int) -> socket.socket | None:
    """A mark on the port that other stacks respect and the kernel removes with this process.

    Between choosing a port and the server's binding it another stack could choose the same one.
    Linux's abstract socket names close that gap; elsewhere there is only the bind test.
    """
    token = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    if sys.platform == "linux":
        try:
            token.bind(f"\0second-look/port/{port}")
        except OSError:
            token.close()
            return None
    return token
