"""Receive Second Look's webhooks: check each signature, answer at once. Python's standard library only.

    python receive_webhook.py 9100 whsec_…

`verify` is the part to copy. It returns the event, or raises ValueError when the message is not ours, is too old, or was
altered on its way.
"""

import base64
import hashlib
import hmac
import json
import sys
import time
from collections.abc import Mapping
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

TOLERANCE_SECONDS = 300


def verify(
    headers: Message | Mapping[str, str], body: bytes, secret: str, now: float | None = None
) -> dict[str, Any]:
    """`headers`: from the request, in any case of letters, or lower-case in a plain mapping.
    `body`: the bytes as they came, not parsed and written again.
    """
    message_id = headers.get("webhook-id") or ""
    timestamp = headers.get("webhook-timestamp") or ""
    if not timestamp.isascii() or not timestamp.isdigit():
        raise ValueError("no timestamp")
    now = time.time() if now is None else now
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise ValueError("too old, or from the future")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    ours = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    # While a secret is being replaced there are two signatures; one that fits is enough.
    sent = (headers.get("webhook-signature") or "").split(" ")
    if not any(hmac.compare_digest(f"v1,{ours}".encode(), one.encode()) for one in sent):
        raise ValueError("the signature does not fit")
    event: dict[str, Any] = json.loads(body)
    return event


class Receiver(BaseHTTPRequestHandler):
    secret = ""
    seen: set[str] = set()  # a database in earnest: an event can come twice, under the same id

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            event = verify(self.headers, body, self.secret)
        except ValueError as problem:
            self.answer(401, str(problem))
            return
        if event["id"] not in self.seen:
            self.seen.add(event["id"])
            print(event["type"], event["subject"]["kind"], event["subject"]["id"], flush=True)
        self.answer(204)

    def answer(self, status: int, text: str = "") -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    Receiver.secret = sys.argv[2]
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
