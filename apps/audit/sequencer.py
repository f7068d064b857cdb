"""The sequencer: takes committed events out of the inbox and gives each its place in a chain.

Only this code, under its own database role, writes leaves. A batch is one transaction under an
advisory lock: killed in the middle, it never happened; started twice, the second one waits.
The order of a chain is the order in which the sequencer met the events, which is the order of
commits up to the few milliseconds between two looks.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.utils.translation import gettext
from psycopg import Connection

from apps.audit.entries import ENTRY_COLUMNS, Entry, entry_of
from apps.audit.merkle import Tree
from apps.audit.signing import CheckpointBody, SigningKey, note_digest
from apps.storage.keys import audit_checkpoint

BATCH: Final = 1000
# An arbitrary number that means "the audit chain" among this database's advisory locks.
LOCK: Final = 0x5EC0_2D10

_TAKE: Final = f"SELECT id, {ENTRY_COLUMNS} FROM audit_inbox ORDER BY id LIMIT %s"  # noqa: S608
_MOVE: Final = """
    WITH moved AS (DELETE FROM audit_inbox WHERE id = ANY(%(ids)s) RETURNING *)
    INSERT INTO audit_leaf (
        event_id, tenant_id, index, leaf_hash, occurred_at, actor, role, channel, session, event,
        subject_kind, subject_id, before_digest, after_digest, reason_commitment, details
    )
    SELECT event_id, tenant_id, place.index, place.leaf_hash, occurred_at, actor, role, channel,
        session, event, subject_kind, subject_id, before_digest, after_digest, reason_commitment,
        details
    FROM moved
    JOIN unnest(%(ids)s::bigint[], %(indexes)s::bigint[], %(hashes)s::bytea[])
        AS place(id, index, leaf_hash) USING (id)
"""
_TREES: Final = """
    SELECT tenant_id::text, size, peaks FROM audit_tree WHERE tenant_id = ANY(%s::uuid[])
"""
_GROW: Final = """
    INSERT INTO audit_tree AS tree
        (tenant_id, size, peaks, pending_since, checkpoint_size, checkpoint_digest)
    VALUES (%(tenant)s, %(size)s, %(peaks)s, now(), 0, '')
    ON CONFLICT (tenant_id) DO UPDATE SET size = excluded.size, peaks = excluded.peaks,
        pending_since = coalesce(tree.pending_since, excluded.pending_since)
"""
_DUE: Final = """
    SELECT tenant_id::text, size, peaks, checkpoint_size, checkpoint_digest, now(),
        to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    FROM audit_tree
    WHERE size > checkpoint_size
        AND (size - checkpoint_size >= %s OR pending_since <= now() - %s::interval)
"""
_STATE: Final = """
    INSERT INTO audit_checkpoint (
        tenant_id, tree_size, first_index, root_hash, previous_digest, key_id, signed_at,
        object_key, note
    )
    VALUES (
        %(tenant)s, %(size)s, %(first)s, %(root)s, %(previous)s, %(key_id)s, %(signed_at)s,
        %(object_key)s, %(note)s
    )
"""
_STATED: Final = """
    UPDATE audit_tree
    SET checkpoint_size = size, checkpoint_digest = %s, pending_since = NULL
    WHERE tenant_id = %s
"""

Row = tuple[Any, ...]


class UnableToSequence(Exception):
    """The inbox or a chain is not as the sequencer left it; nothing was moved."""


@dataclass(frozen=True, kw_only=True)
class CheckpointPolicy:
    """A checkpoint is signed after so many leaves, or so long after the first unsigned one."""

    leaves: int = 1000
    age: timedelta = timedelta(seconds=60)


def sequence_once(connection: "Connection[Row]", *, batch: int = BATCH) -> int:
    """Chain at most ``batch`` waiting events, oldest first, and return how many there were.

    Raises UnableToSequence when not every event could be moved exactly once.
    """
    with connection.transaction():
        _lock(connection)
        rows = connection.execute(_TAKE, [batch], binary=False).fetchall()
        if rows:
            _chain(connection, [(row[0], entry_of(row[1:])) for row in rows])
    return len(rows)


def checkpoint_once(
    connection: "Connection[Row]",
    *,
    key: SigningKey,
    policy: CheckpointPolicy,
) -> int:
    """Sign a checkpoint for every chain where one is due, and return for how many."""
    with connection.transaction():
        _lock(connection)
        due = connection.execute(_DUE, [policy.leaves, policy.age]).fetchall()
        for row in due:
            _state(connection, row, key)
    return len(due)


def _lock(connection: "Connection[Row]") -> None:
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _chain(connection: "Connection[Row]", waiting: list[tuple[int, Entry]]) -> None:
    trees = _trees(connection, {entry.tenant_id for _, entry in waiting})
    indexes: list[int] = []
    hashes: dict[str, list[bytes]] = defaultdict(list)
    leaf_hashes: list[bytes] = []
    for _, entry in waiting:
        chain = hashes[entry.tenant_id]
        indexes.append(trees[entry.tenant_id].size + len(chain))
        leaf_hashes.append(entry.leaf_hash())
        chain.append(leaf_hashes[-1])
    places = {"ids": [id_ for id_, _ in waiting], "indexes": indexes, "hashes": leaf_hashes}
    moved = connection.execute(_MOVE, places).rowcount
    if moved != len(waiting):
        raise UnableToSequence(
            gettext("%(moved)s of %(len_waiting)s events could be moved")
            % {"moved": moved, "len_waiting": len(waiting)}
        )
    for tenant, chain in hashes.items():
        tree = trees[tenant].extended(chain)
        values = {"tenant": tenant, "size": tree.size, "peaks": tree.packed()}
        connection.execute(_GROW, values)


def _trees(connection: "Connection[Row]", tenants: Iterable[str]) -> dict[str, Tree]:
    trees = {tenant: Tree() for tenant in tenants}
    for tenant, size, peaks in connection.execute(_TREES, [list(trees)]):
        trees[tenant] = Tree.unpacked(size, peaks)
    return trees


def _state(connection: "Connection[Row]", row: Row, key: SigningKey) -> None:
    tenant, size, peaks, first, previous, signed_at, signed_at_text = row
    root = Tree.unpacked(size, peaks).root()
    body = CheckpointBody(
        tenant=tenant, tree_size=size, root=root, signed_at=signed_at_text, previous=previous
    )
    note = key.sign(body.text())
    values = {
        "tenant": tenant,
        "size": size,
        "first": first,
        "root": root,
        "previous": previous,
        "key_id": key.key_id,
        "signed_at": signed_at,
        "object_key": audit_checkpoint(tenant_id=tenant, tree_size=size),
        "note": note,
    }
    connection.execute(_STATE, values)
    connection.execute(_STATED, [note_digest(note), tenant])
