"""A mail server on this machine that speaks SMTP, and can refuse, hang, or not be there."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Mailbox:
    """What arrived. `refuses` answers every recipient with 451; `hangs` never says a word."""

    def __init__(self) -> None:
        self.refuses = self.hangs = False
        self.over = threading.Event()
        self.letters: list[tuple[str, str]] = []


@contextmanager
def mail_server(settings: Any) -> Iterator[Mailbox]:
    """Point Django at a mailbox; its clients wait half a second."""
    mailbox = Mailbox()

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            if mailbox.hangs:
                mailbox.over.wait(10)
                return
            _converse(mailbox, self.rfile, self.wfile)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True

    with Server(("127.0.0.1", 0), Conversation) as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_TIMEOUT = 0.5
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield mailbox
        finally:
            mailbox.over.set()
            server.shutdown()
            thread.join()


def _converse(mailbox: Mailbox, reads: Any, writes: Any) -> None:
    writes.write(b"220 here\r\n")
    to = ""
    while line := reads.readline().decode().strip():
        word = line.partition(" ")[0].upper()
        if word == "RCPT" and mailbox.refuses:
            writes.write(b"451 later\r\n")
        elif word == "RCPT":
            to = line.partition(":")[2].strip("<>")
            writes.write(b"250 ok\r\n")
        elif word == "DATA":
            writes.write(b"354 go on\r\n")
            body = b""
            while (part := reads.readline()) != b".\r\n":
                body += part
            mailbox.letters.append((to, body.decode()))
            writes.write(b"250 kept\r\n")
        elif word == "QUIT":
            writes.write(b"221 bye\r\n")
            return
        else:
            writes.write(b"250 ok\r\n")
