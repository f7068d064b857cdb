#!/usr/bin/env python3
"""Check a Second Look case file. Needs Python 3.8 or later and nothing else.

    python3 verify.py                 the folder this file lies in
    python3 verify.py FOLDER_OR_ZIP   another one; a ZIP with a password has to be unpacked first

What is checked, and what it proves:
  1. Every file is listed with its SHA-256 and SHA-512, is there, and has exactly those bytes (BagIt, RFC 8493).
  2. Every audit entry is what was chained: its hash is that of the text shown (RFC 9162).
  3. Every entry lies in the signed tree: its proof leads to the root of the checkpoint (RFC 9162, 2.1.3).
  4. The checkpoint was signed with the installation's key (Ed25519, RFC 8032). The key in the file is only a copy:
     compare it with one from another hand, `python3 verify.py --key VERIFIER_KEY`.
  5. Every exhibit is the file that the custody record and the audit chain speak of (an archive of records of a
     period has no exhibits).

It does not prove that what was recorded is true, only that it has not been changed since.
Exit code 0 when everything holds, 1 when something does not, 2 when the file cannot be read.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import pathlib
import sys
import zipfile
import zlib
from typing import IO, Any, Iterable, Tuple, Union

CHUNK = 1024 * 1024


class Problem(Exception):
    """Something does not hold; the message names it."""


class Folder:
    """An unpacked case file."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root

    def names(self) -> set[str]:
        found = (p for p in self.root.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
        return {p.relative_to(self.root).as_posix() for p in found}

    def open(self, name: str) -> IO[bytes]:
        return (self.root / name).open("rb")


class Archive:
    """A case file as it was handed over. All of it lies in one folder of the ZIP."""

    def __init__(self, path: pathlib.Path) -> None:
        self.zip = zipfile.ZipFile(path)
        names = [n for n in self.zip.namelist() if not n.endswith("/")]
        self.prefix = names[0].split("/")[0] + "/" if names else ""

    def names(self) -> set[str]:
        every = (n for n in self.zip.namelist() if not n.endswith("/"))
        return {n[len(self.prefix) :] if n.startswith(self.prefix) else n for n in every}

    def open(self, name: str) -> IO[bytes]:
        return self.zip.open(self.prefix + name)


Bag = Union["Folder", "Archive"]  # written so that Python 3.8 reads it
Point = Tuple[int, int, int, int]


# What the ZIP reader says of a member whose bytes are not what its own checksum was made of.
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError)


def read(bag: Bag, name: str) -> bytes:
    try:
        with bag.open(name) as file:
            return file.read()
    except (KeyError, FileNotFoundError):
        raise Problem(f"{name} is missing") from None
    except BROKEN:
        raise Problem(f"{name} has been changed: the archive's own checksum fails") from None


def digests_of(bag: Bag, name: str) -> dict[str, str]:
    sha256, sha512 = hashlib.sha256(), hashlib.sha512()
    try:
        with bag.open(name) as file:
            while True:
                chunk = file.read(CHUNK)
                if not chunk:
                    break
                sha256.update(chunk)
                sha512.update(chunk)
    except BROKEN:
        raise Problem(f"{name} has been changed: the archive's own checksum fails") from None
    return {"sha256": sha256.hexdigest(), "sha512": sha512.hexdigest()}


def listed_in(bag: Bag, manifest: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in read(bag, manifest).decode("utf-8").splitlines():
        digest, _, path = line.partition("  ")
        path = path.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
        if not path or path in found:
            raise Problem(f"{manifest} has a line that cannot be right: {line[:80]}")
        found[path] = digest
    return found


def check_bag(bag: Bag) -> dict[str, str]:
    """Every file listed, present and unchanged; returns the SHA-256 of each."""
    if not read(bag, "bagit.txt").startswith(b"BagIt-Version: 1.0"):
        raise Problem("bagit.txt is not that of a BagIt 1.0 bag")
    present = bag.names()
    known: dict[str, str] = {}
    lists = {
        (kind, algorithm): listed_in(bag, f"{kind}-{algorithm}.txt")
        for kind in ("manifest", "tagmanifest")
        for algorithm in ("sha256", "sha512")
    }
    for (kind, algorithm), listed in lists.items():
        if set(listed) != set(lists[kind, "sha256"]):
            raise Problem(f"{kind}-{algorithm}.txt does not list the same files as the other one")
    own = {"tagmanifest-sha256.txt", "tagmanifest-sha512.txt"}
    every = set(lists["manifest", "sha256"]) | set(lists["tagmanifest", "sha256"])
    for name in sorted(every - present):
        raise Problem(f"{name} is missing")
    for name in sorted(present - every - own):
        raise Problem(f"{name} does not belong to the case file")
    for name in sorted(every):
        kind = "manifest" if name in lists["manifest", "sha256"] else "tagmanifest"
        found = digests_of(bag, name)
        for algorithm, digest in found.items():
            if lists[kind, algorithm][name] != digest:
                raise Problem(
                    f"{name} has been changed: its {algorithm.upper()} is not the one listed"
                )
        known[name] = found["sha256"]
    return known


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def root_from(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes | None:
    """The root that a proof leads to (RFC 9162, 2.1.3.2), None when it does not fit."""
    if not 0 <= index < size:
        return None
    position, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if position & 1 or position == last:
            node = hashlib.sha256(b"\x01" + sibling + node).digest()
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + sibling).digest()
        position, last = position >> 1, last >> 1
    return node if last == 0 else None


def checkpoint_of(note: str, keys: dict[str, bytes]) -> tuple[int, bytes]:
    """Size and root of a checkpoint that one of the keys has signed."""
    body, gap, tail = note.partition("\n\n")
    if not gap:
        raise Problem("data/audit/checkpoint.txt carries no signature")
    signed = any(signed_by(body + "\n", line, keys) for line in tail.splitlines())
    if not signed:
        raise Problem("data/audit/checkpoint.txt was not signed with the key given")
    lines = body.split("\n")
    return int(lines[1]), base64.b64decode(lines[2])


def signed_by(body: str, line: str, keys: dict[str, bytes]) -> bool:
    parts = line.split(" ")
    if len(parts) != 3:
        return False
    packet = base64.b64decode(parts[2])
    public = keys.get(packet[:4].hex())
    return public is not None and ed25519_verifies(public, body.encode("utf-8"), packet[4:])


def keys_of(lines: Iterable[str]) -> dict[str, bytes]:
    """Verifier keys (name+id+base64), by id."""
    found = {}
    for line in filter(None, (line.strip() for line in lines)):
        name, key_id, encoded = line.split("+", 2)
        kind_and_key = base64.b64decode(encoded)
        computed = hashlib.sha256(name.encode() + b"\n" + kind_and_key).digest()[:4].hex()
        if kind_and_key[:1] != b"\x01" or computed != key_id:
            raise Problem(f"not a verifier key: {line[:80]}")
        found[key_id] = kind_and_key[1:]
    return found


def check_audit(bag: Bag, trusted: list[str]) -> tuple[dict[int, Any], int]:
    """Every audit entry of the file lies in the signed chain; returns them by their index."""
    keys = keys_of(read(bag, "data/audit/keys.txt").decode("utf-8").splitlines())
    if trusted:
        keys = keys_of(trusted)
    size, root = checkpoint_of(read(bag, "data/audit/checkpoint.txt").decode("utf-8"), keys)
    entries = {}
    for number, line in enumerate(read(bag, "data/audit/entries.ndjson").splitlines(), start=1):
        row = json.loads(line)
        proof = [bytes.fromhex(step) for step in row["proof"]]
        leaf = leaf_hash(row["entry"].encode("utf-8"))
        if root_from(leaf, row["index"], size, proof) != root:
            raise Problem(f"audit entry {row['index']} (line {number}) is not what was chained")
        entries[row["index"]] = json.loads(row["entry"])
    return entries, size


def check_custody(bag: Bag, known: dict[str, str], entries: dict[int, Any]) -> Any:
    """Every exhibit is the file that the record and the chain name."""
    case = json.loads(read(bag, "data/case.json").decode("utf-8"))
    chained = {
        (entry["subject_id"], entry["details"].get("sha256"))
        for entry in entries.values()
        if entry["subject_kind"] == "evidence_item"
    }
    for exhibit in case["exhibits"]:
        name = exhibit["path"]
        if known.get(name) != exhibit["sha256"]:
            raise Problem(f"exhibit {exhibit['number']}: {name} is not the file of the record")
        if (exhibit["item"], exhibit["sha256"]) not in chained:
            raise Problem(f"exhibit {exhibit['number']}: the audit chain does not know {name}")
    return case


# Ed25519 (RFC 8032, 5.1.7), slow and plain: one signature takes a few milliseconds.
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def recovered_x(y: int, sign: int) -> int | None:
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign else x


def added(a: Point, b: Point) -> Point:
    first, second = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    third, fourth = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = second - first, fourth - third, fourth + third, second + first
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiplied(scalar: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = added(result, point)
        point, scalar = added(point, point), scalar >> 1
    return result


def point_of(encoded: bytes) -> Point | None:
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = recovered_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (recovered_x(BASE_Y, 0) or 0, BASE_Y, 1, (recovered_x(BASE_Y, 0) or 0) * BASE_Y % P)


def ed25519_verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    if len(public) != 32 or len(signature) != 64:
        return False
    key, nonce = point_of(public), point_of(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or nonce is None or scalar >= Q:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    left = multiplied(scalar, BASE)
    right = added(nonce, multiplied(int.from_bytes(digest, "little") % Q, key))
    return not (
        (left[0] * right[2] - right[0] * left[2]) % P
        or (left[1] * right[2] - right[1] * left[2]) % P
    )


def opened(path: pathlib.Path) -> Bag:
    if path.is_dir():
        return Folder(path)
    if zipfile.is_zipfile(path):
        return Archive(path)
    raise OSError(f"{path} is neither a folder nor a ZIP file")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "where", nargs="?", type=pathlib.Path, default=pathlib.Path(__file__).parent
    )
    parser.add_argument(
        "--key", action="append", default=[], help="a verifier key from another hand"
    )
    options = parser.parse_args()
    try:
        bag = opened(options.where)
        known = check_bag(bag)
        print(f"{len(known)} files are listed, present and unchanged.")
        entries, size = check_audit(bag, options.key)
        print(f"{len(entries)} audit entries lie in the chain of {size} that was signed.")
        if "data/summary.json" not in known:
            case = check_custody(bag, known, entries)
            print(
                f"{len(case['exhibits'])} exhibits of {case['reference']} are the files of record and chain."
            )
    except Problem as problem:
        print(f"DOES NOT HOLD: {problem}")
        return 1
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        print(f"Cannot be read as a case file: {error}")
        return 2
    print(
        "Everything holds."
        if options.key
        else "Everything holds (signed with the key inside the file)."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
