"""Receivers of webhooks on this machine, as an integrator would write them."""

import importlib.util
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

from django.conf import settings


def documented() -> ModuleType:
    """The example of docs/webhooks.md."""
    path = Path(settings.BASE_DIR) / "docs/examples/receive_webhook.py"
    spec = importlib.util.spec_from_file_location("receive_webhook", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Listener:
    """Answers with `status`, and keeps what came: headers and body."""

    def __init__(self) -> None:
        self.status = 204
        self.seen: list[tuple[Any, bytes]] = []


@contextmanager
def listening() -> Iterator[tuple[str, Listener]]:
    """The address of a listener."""
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            listener.seen.append((self.headers, body))
            self.send_response(listener.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", listener
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
