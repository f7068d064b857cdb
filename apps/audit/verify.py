"""Verification: does the chain still say what was signed?

Every entry is hashed again, every tree computed again, and compared with the signed checkpoints
in the database and in the locked bucket. What is found is named by the index of the first entry
that is not as it was. The roots in the bucket cannot be rewritten before their lock ends, and the
signatures not at all without the key, which lies outside the database.

What no verification can find: entries after the last checkpoint, rewritten together with their
hashes and the tree by somebody who owns the database. They are seconds old by policy.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from psycopg import Connection, IsolationLevel

from apps.audit.archive import StoredCheckpoint, stored_checkpoints
from apps.audit.entries import ENTRY_COLUMNS, entry_of
from apps.audit.merkle import HASH_BYTES, Tree
from apps.audit.signing import BadNote, CheckpointBody, TrustedKeys, note_digest, opened_note
from apps.audit.timestamps import CLOCKS_DIFFER, BadStamp, opened_stamp
from apps.audit.witness import BadCosignature, require_cosigned
from apps.storage.locked import LockedStore

Row = tuple[Any, ...]

_ROWS_AT_A_TIME: Final = 5000
_ENTRIES: Final = f"""
    SELECT index, leaf_hash, {ENTRY_COLUMNS} FROM audit_leaf
    WHERE tenant_id = %s AND index >= %s ORDER BY index
"""  # noqa: S608 - no value is part of the text
_HASHES: Final = """
    SELECT index, leaf_hash FROM audit_leaf WHERE tenant_id = %s AND index < %s ORDER BY index
"""
_CHECKPOINTS: Final = """
    SELECT tree_size, note, EXISTS (
        SELECT FROM audit_checkpoint_copy WHERE checkpoint_id = audit_checkpoint.id
    )
    FROM audit_checkpoint WHERE tenant_id = %s ORDER BY tree_size
"""
_STAMPS: Final = """
    SELECT point.tree_size, point.note, point.signed_at, stamp.token
    FROM audit_checkpoint_stamp AS stamp
    LEFT JOIN audit_checkpoint AS point ON point.id = stamp.checkpoint_id
        AND point.tenant_id = stamp.tenant_id
    WHERE stamp.tenant_id = %s ORDER BY stamp.checkpoint_id
"""
_COSIGNATURES: Final = """
    SELECT point.tree_size, point.note, signed.line
    FROM audit_checkpoint_cosignature AS signed
    LEFT JOIN audit_checkpoint AS point ON point.id = signed.checkpoint_id
        AND point.tenant_id = signed.tenant_id
    WHERE signed.tenant_id = %s ORDER BY signed.checkpoint_id
"""
_TREE: Final = "SELECT size, peaks FROM audit_tree WHERE tenant_id = %s"
_REWRITTEN_REASON: Final = """
    SELECT min(leaf.index) FROM audit_leaf AS leaf JOIN audit_reason AS reason USING (event_id)
    WHERE leaf.tenant_id = %s AND leaf.reason_commitment
        <> encode(sha256(reason.salt || convert_to(reason.text, 'UTF8')), 'hex')
"""
_LOST_REASONS: Final = """
    SELECT count(*) FROM audit_leaf AS leaf
    WHERE tenant_id = %s AND reason_commitment <> ''
        AND NOT EXISTS (SELECT FROM audit_reason AS reason WHERE reason.event_id = leaf.event_id)
"""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is not as it was signed; ``index`` is the first bad entry, where known."""

    index: int | None
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What was found in one chain."""

    tenant: str
    entries: int
    checkpoints: int
    checked_from: int
    lost_reasons: int
    stamps: int
    cosignatures: int
    problems: tuple[Problem, ...]

    @property
    def holds(self) -> bool:
        """Whether everything is as it was signed."""
        return not self.problems


@dataclass(kw_only=True)
class _Signed:
    """What the checkpoints of one chain promise, and where they contradict."""

    roots: dict[int, bytes] = field(default_factory=dict)
    leaf_hashes: dict[int, bytes] = field(default_factory=dict)
    stored: int = 0
    problems: list[Problem] = field(default_factory=list)

    def complain(self, sentence: str, index: int | None = None) -> None:
        self.problems.append(Problem(index=index, sentence=sentence))


def verify_chain(
    connection: "Connection[Row]",
    *,
    tenant: str,
    trusted: TrustedKeys,
    bucket: LockedStore | None,
    from_checkpoint: int = 0,
    authorities: Path | None = None,
    witness_key: str = "",
) -> Verification:
    """Verify one tenant's chain as of now, reading only.

    ``bucket`` None leaves the locked copies out. With ``from_checkpoint`` N the hashes of the
    first N entries are taken as they are stored and compared with the root signed at N; only
    later entries are hashed again. ``authorities`` are the certificates (PEM) that time stamps have
    to lead to; without them a stamp's own signer is believed. ``witness_key`` is the
    verifier key of the witness; without it cosignatures are not looked at. Raises ValueError when no
    checkpoint at N is signed, and StorageUnavailable when the bucket does not answer.
    """
    signed = _Signed()
    with _snapshot(connection, tenant):
        _read_database(connection, tenant, trusted, signed)
        if bucket is not None:
            _read_bucket(bucket, tenant, trusted, signed)
        if from_checkpoint and from_checkpoint not in signed.roots:
            raise ValueError(f"no checkpoint at {from_checkpoint} is signed")
        tree = _walk(connection, tenant, signed, from_checkpoint)
        _compare_ends(connection, tenant, signed, tree)
        stamps = _check_stamps(connection, tenant, signed, authorities)
        cosigned = _check_cosignatures(connection, tenant, signed, witness_key)
        lost = _check_reasons(connection, tenant, signed)
    return Verification(
        tenant=tenant,
        entries=tree.size,
        checkpoints=len(signed.roots),
        checked_from=from_checkpoint,
        lost_reasons=lost,
        stamps=stamps,
        cosignatures=cosigned,
        problems=tuple(signed.problems),
    )


def latest_checkpoint(connection: "Connection[Row]", *, tenant: str) -> int:
    """Return the size at which a chain was last signed, 0 when it never was."""
    with _snapshot(connection, tenant):
        rows = connection.execute(_CHECKPOINTS, [tenant]).fetchall()
    return int(rows[-1][0]) if rows else 0


@contextmanager
def _snapshot(connection: "Connection[Row]", tenant: str) -> Iterator[None]:
    """Open one unchanging, read-only view of the database, for one tenant."""
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    with connection.transaction():
        connection.execute("SELECT set_config('second_look.tenant', %s, true)", [tenant])
        yield


def _read_database(
    connection: "Connection[Row]", tenant: str, trusted: TrustedKeys, signed: _Signed
) -> None:
    notes = connection.execute(_CHECKPOINTS, [tenant]).fetchall()
    for size, note, stored in notes:
        if _accept(note, tenant, trusted, signed, f"the checkpoint at {size} in the database"):
            signed.stored += bool(stored)
    for (size, note, _), (next_size, next_note, _) in pairwise(notes):
        if f"\nprevious {note_digest(note)}\n" not in next_note:
            signed.complain(f"the checkpoint at {next_size} does not follow the one at {size}")


def _read_bucket(bucket: LockedStore, tenant: str, trusted: TrustedKeys, signed: _Signed) -> None:
    in_database, in_bucket = set(signed.roots), set()
    tree = Tree()
    for copy in stored_checkpoints(bucket, tenant):
        body = _accept(copy.note, tenant, trusted, signed, f"{copy.key} in the locked bucket")
        if body is None:
            continue
        in_bucket.add(body.tree_size)
        if copy.first_index == tree.size:
            tree = _covered(copy, body, tree, signed)
    for size in sorted(in_bucket - in_database):
        signed.complain(f"the checkpoint at {size} is in the locked bucket, not in the database")
    gone = signed.stored - len(in_bucket & in_database)
    if gone > 0:
        signed.complain(f"{gone} checkpoints that were stored are not in the locked bucket")


def _covered(copy: StoredCheckpoint, body: CheckpointBody, tree: Tree, signed: _Signed) -> Tree:
    """Take over the leaf hashes of a stored checkpoint when its signed root confirms them."""
    steps = range(0, len(copy.leaf_hashes), HASH_BYTES)
    hashes = [copy.leaf_hashes[step : step + HASH_BYTES] for step in steps]
    grown = tree.extended(hashes)
    if (grown.size, grown.root()) != (body.tree_size, body.root):
        signed.complain(f"{copy.key} does not hold the leaf hashes it was signed over")
        return tree
    signed.leaf_hashes.update(enumerate(hashes, start=tree.size))
    return grown


def _accept(
    note: str, tenant: str, trusted: TrustedKeys, signed: _Signed, where: str
) -> CheckpointBody | None:
    try:
        body = opened_note(note, trusted)
    except BadNote as error:
        signed.complain(f"{where}: {error}")
        return None
    if body.tenant != tenant:
        signed.complain(f"{where} belongs to the chain of {body.tenant}")
        return None
    if signed.roots.setdefault(body.tree_size, body.root) != body.root:
        signed.complain(f"{where} contradicts another checkpoint of that size")
    return body


def _walk(connection: "Connection[Row]", tenant: str, signed: _Signed, start: int) -> Tree:
    """Climb the chain until its end or its first bad entry, and return the tree so far."""
    tree, pending, good = Tree(), [], 0
    for expected, (index, kept, computed) in enumerate(_leaves(connection, tenant, start)):
        if index != expected:
            signed.complain(f"entry {expected} is missing", expected)
            break
        if computed != kept or signed.leaf_hashes.get(index, kept) != kept:
            signed.complain(f"entry {index} is not what was chained", index)
            break
        pending.append(kept)
        if len(pending) < _ROWS_AT_A_TIME and index + 1 not in signed.roots:
            continue
        tree, pending = tree.extended(pending), []
        if signed.roots.get(tree.size, tree.root()) != tree.root():
            signed.complain(f"an entry from {good} to {index} is not what was signed", good)
            break
        good = tree.size if tree.size in signed.roots else good
    return tree.extended(pending)


def _leaves(
    connection: "Connection[Row]", tenant: str, start: int
) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield index, stored hash and computed hash; before ``start`` the stored one is taken."""
    if start:
        for index, kept in _streamed(connection, _HASHES, [tenant, start]):
            yield index, kept, kept
    for row in _streamed(connection, _ENTRIES, [tenant, start]):
        try:
            computed = entry_of(row[2:]).leaf_hash()
        except ValueError:  # the details are no JSON any more
            computed = b""
        yield row[0], row[1], computed


def _streamed(connection: "Connection[Row]", query: str, values: list[object]) -> Iterator[Row]:
    with connection.cursor(name="audit_verify") as cursor:
        cursor.itersize = _ROWS_AT_A_TIME
        cursor.execute(query, values)
        yield from cursor


def _compare_ends(connection: "Connection[Row]", tenant: str, signed: _Signed, tree: Tree) -> None:
    if any(problem.index is not None for problem in signed.problems):
        return
    longest = max(signed.roots, default=0)
    if tree.size < longest:
        sentence = f"entry {tree.size} is missing: {longest} entries were signed"
        signed.complain(sentence, tree.size)
        return
    row = connection.execute(_TREE, [tenant]).fetchone()
    size, peaks = row if row else (0, b"")
    if size > tree.size:
        signed.complain(f"entry {tree.size} is missing: there were {size} entries", tree.size)
    elif (size, peaks) != (tree.size, tree.packed()):
        signed.complain("the sequencer's tree is not the tree of these entries")


def _check_stamps(
    connection: "Connection[Row]", tenant: str, signed: _Signed, authorities: Path | None
) -> int:
    """Complain about time stamps that do not date their checkpoint; return how many do."""
    holding = 0
    for size, note, signed_at, token in connection.execute(_STAMPS, [tenant]).fetchall():
        if note is None:
            signed.complain("a time stamp dates a checkpoint that is not there")
        elif wrong := _wrong_stamp(bytes(token), note, signed_at, authorities):
            signed.complain(f"the time stamp of the checkpoint at {size}: {wrong}")
        else:
            holding += 1
    return holding


def _check_cosignatures(
    connection: "Connection[Row]", tenant: str, signed: _Signed, key: str
) -> int:
    """Complain about cosignatures that are not the witness's on their checkpoint; return how many are."""
    holding = 0
    for size, note, line in connection.execute(_COSIGNATURES, [tenant]).fetchall() if key else ():
        try:
            require_cosigned(note or "", line, key=key)
        except BadCosignature as error:
            signed.complain(f"the witness's signature on the checkpoint at {size}: {error}")
        else:
            holding += 1
    return holding


def _wrong_stamp(token: bytes, note: str, signed_at: datetime, authorities: Path | None) -> str:
    try:
        stamped = opened_stamp(token, content=note.encode(), certificates=authorities)
    except BadStamp as error:
        return str(error)
    if stamped < signed_at - CLOCKS_DIFFER:
        return f"it says {stamped.isoformat()}, before the checkpoint was signed"
    return ""


def _check_reasons(connection: "Connection[Row]", tenant: str, signed: _Signed) -> int:
    """Complain about the first rewritten reason; return how many reasons are no longer kept."""
    row = connection.execute(_REWRITTEN_REASON, [tenant]).fetchone()
    if row and row[0] is not None:
        signed.complain(f"the reason of entry {row[0]} is not what was written", row[0])
    lost = connection.execute(_LOST_REASONS, [tenant]).fetchone()
    return int(lost[0]) if lost else 0
