"""The product's own web server process before a test's database, with its files compressed as the product has them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from config import env
from config.stack.plan import UVICORN
from config.stack.server import LOOPBACK
from tests.harness.databases import current_database, role_addresses
from tests.harness.environment import HOME

PORT = 8000  # a benchmark has a network of its own


@contextmanager
def web_server() -> Iterator[str]:
    """Its address, while it answers; it speaks to the database this test works on, as the application's role."""
    environment = os.environ | role_addresses(current_database())
    environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "PLAIN_STATIC": "false"}
    environment["STATIC_ROOT"] = str(HOME.path / "served")
    here = {"cwd": env.REPOSITORY, "env": environment}
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(collect, check=True, **here)
    with Path(HOME.path / "served.log").open("wb") as log:
        command = [sys.executable, *UVICORN, "--port", str(PORT)]
        server = subprocess.Popen(command, stdout=log, stderr=log, **here)
        try:
            yield _answering(f"http://{LOOPBACK}:{PORT}")
        finally:
            server.terminate()
            server.wait(30)


def _answering(url: str) -> str:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            if httpx.get(f"{url}/healthz").is_success:
                return url
        except httpx.TransportError:
            time.sleep(0.2)
    raise TimeoutError("the web server does not answer")
