"""A witness for Second Look's audit chain: it remembers how long each chain was, and signs only what continues it.

    python3 docs/examples/witness.py --key witness.seed --memory witness.json --log-keys audit_signing_key.pub --port 8765

Python 3.11 alone, from a checkout. Run it on a machine of somebody else: its worth is that the owner of the chain does not
own it. It speaks the `add-checkpoint` request of C2SP tlog-witness and signs the note as it is (Ed25519). An example: one
request after another, no TLS, no limits on who asks; put it behind a server that has them.
"""

import argparse
import base64
import hashlib
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from apps.audit.merkle import consistent
from apps.cases.case_file.verify import BASE, P, Point, Q, checkpoint_of, keys_of, multiplied
from apps.cases.case_file.verify import Problem as Unsigned

NAME = "example-witness"
LARGEST = 64 * 1024


class Refused(Exception):
    """What is answered instead of a signature: a status and a sentence (or, with 409, the size that is known)."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status, self.said = status, said


class Witness:
    def __init__(self, *, seed: bytes, memory: Path, log_keys: dict[str, bytes]) -> None:
        self._seed, self._memory, self._log_keys = seed, memory, log_keys
        kind_and_key = b"\x01" + public_key(seed)
        self._id = hashlib.sha256(NAME.encode() + b"\n" + kind_and_key).digest()[:4]
        encoded = base64.b64encode(kind_and_key).decode()
        self.verifier_key = f"{NAME}+{self._id.hex()}+{encoded}"

    def answer(self, body: str) -> str:
        """The line of a signature for the checkpoint of a request, or Refused."""
        head, _, note = body.partition("\n\n")
        first, *proof_lines = head.split("\n")
        try:
            old = int(first.removeprefix("old "))
            proof = [base64.b64decode(line, validate=True) for line in proof_lines]
            size, root = checkpoint_of(note, self._log_keys)
        except Unsigned as error:
            raise Refused(403, str(error)) from error
        except (ValueError, IndexError) as error:
            raise Refused(400, "not an add-checkpoint request") from error
        origin = note.partition("\n")[0]
        self._require_continued(origin, old, size, root, proof)
        self._remember(origin, size, root)
        signed = note.partition("\n\n")[0] + "\n"
        packet = self._id + signature(self._seed, signed.encode())
        return f"— {NAME} {base64.b64encode(packet).decode()}\n"

    def _require_continued(
        self, origin: str, old: int, size: int, root: bytes, proof: list[bytes]
    ) -> None:
        known = self._known().get(origin, {"size": 0, "root": ""})
        if old != known["size"]:
            raise Refused(409, f"{known['size']}\n")
        if size < old:
            raise Refused(400, "a chain does not become shorter")
        if old and not consistent(
            old_size=old,
            new_size=size,
            old_root=bytes.fromhex(str(known["root"])),
            new_root=root,
            proof=proof,
        ):
            raise Refused(422, f"this is not the chain whose first {old} entries were seen here")

    def _known(self) -> dict[str, dict[str, object]]:
        return json.loads(self._memory.read_text()) if self._memory.exists() else {}

    def _remember(self, origin: str, size: int, root: bytes) -> None:
        known = self._known() | {origin: {"size": size, "root": root.hex()}}
        beside = self._memory.with_suffix(".new")
        beside.write_text(json.dumps(known))
        beside.replace(self._memory)


def public_key(seed: bytes) -> bytes:
    return packed(multiplied(scalar_of(seed), BASE))


def signature(seed: bytes, message: bytes) -> bytes:
    """Ed25519 (RFC 8032, 5.1.6)."""
    scalar, prefix = scalar_of(seed), hashlib.sha512(seed).digest()[32:]
    nonce = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % Q
    point = packed(multiplied(nonce, BASE))
    digest = hashlib.sha512(point + public_key(seed) + message).digest()
    answer = (nonce + int.from_bytes(digest, "little") * scalar) % Q
    return point + answer.to_bytes(32, "little")


def scalar_of(seed: bytes) -> int:
    half = bytearray(hashlib.sha512(seed).digest()[:32])
    half[0] &= 248
    half[31] = half[31] & 127 | 64
    return int.from_bytes(half, "little")


def packed(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def desk_of(witness: Witness) -> type[BaseHTTPRequestHandler]:
    class Desk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            try:
                if self.path != "/add-checkpoint" or not 0 < length <= LARGEST:
                    raise Refused(404, "POST /add-checkpoint")
                status, said = 200, witness.answer(self.rfile.read(length).decode())
            except Refused as refusal:
                status, said = refusal.status, refusal.said
            except UnicodeDecodeError:
                status, said = 400, "not text"
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_: object) -> None:
            pass

    return Desk


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--key", type=Path, required=True)
    parser.add_argument("--memory", type=Path, required=True)
    parser.add_argument("--log-keys", type=Path, required=True)
    parser.add_argument("--port", type=int, default=8765)
    options = parser.parse_args()
    if not options.key.exists():
        with os.fdopen(
            os.open(options.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
        ) as file:
            file.write(os.urandom(32))
    log_keys = keys_of(options.log_keys.read_text().splitlines())
    witness = Witness(seed=options.key.read_bytes(), memory=options.memory, log_keys=log_keys)
    server = HTTPServer(("127.0.0.1", options.port), desk_of(witness))
    print(witness.verifier_key, server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
