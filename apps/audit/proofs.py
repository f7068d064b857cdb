"""What a stranger needs to believe an extract of a chain: the entries, their proofs, a signed checkpoint."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.audit.entries import ENTRY_COLUMNS, entry_of
from apps.audit.events import Subject
from apps.audit.merkle import inclusion_proofs
from apps.audit.models import Checkpoint

_CHOSEN = f"""
    SELECT index, {ENTRY_COLUMNS} FROM audit_leaf
    WHERE tenant_id = %s AND (subject_kind, subject_id) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
    ORDER BY index
"""  # noqa: S608 - no value is part of the text
_OF_A_PERIOD = f"""
    SELECT index, {ENTRY_COLUMNS} FROM audit_leaf
    WHERE tenant_id = %s AND occurred_at >= %s AND occurred_at < %s
    ORDER BY index
"""  # noqa: S608 - no value is part of the text
_HASHES = """
    SELECT leaf_hash FROM audit_leaf WHERE tenant_id = %s AND index < %s ORDER BY index
"""


class NotSignedYet(Exception):
    """No checkpoint of this chain has been signed; one follows within a minute."""


@dataclass(frozen=True, kw_only=True)
class ProvenEntry:
    """An entry as it was hashed, word for word, with its audit path (RFC 9162) in the checkpoint's tree."""

    index: int
    entry: str
    proof: tuple[bytes, ...]


@dataclass(frozen=True, kw_only=True)
class Extract:
    """Entries of a chain proven against the checkpoint `note` over `size` entries; `later` ones came after it."""

    note: str
    size: int
    entries: tuple[ProvenEntry, ...]
    later: int


def extract_of(*, tenant_id: UUID, subjects: Iterable[Subject]) -> Extract:
    """Everything recorded about these subjects. Inside the tenant's scope. Raises NotSignedYet.

    Reads every leaf hash of the chain once: 32 bytes an entry.
    """
    wanted = [(kind, id_) for kind, id_ in subjects]
    kinds, ids = [kind for kind, _ in wanted], [id_ for _, id_ in wanted]
    return _proven(tenant_id, _CHOSEN, [kinds, ids])


def extract_between(*, tenant_id: UUID, since: datetime, until: datetime) -> Extract:
    """Everything recorded in [since, until). Inside the tenant's scope. Raises NotSignedYet."""
    return _proven(tenant_id, _OF_A_PERIOD, [since, until])


def _proven(tenant_id: UUID, query: str, values: list[Any]) -> Extract:
    checkpoint = Checkpoint.objects.filter(tenant_id=tenant_id).order_by("-tree_size").first()
    if checkpoint is None:
        raise NotSignedYet("The audit chain has not been signed yet. Try again in a minute.")
    rows = _all(query, [tenant_id, *values])
    signed = [row for row in rows if row[0] < checkpoint.tree_size]
    leaves = [bytes(row[0]) for row in _all(_HASHES, [tenant_id, checkpoint.tree_size])]
    proofs, root = inclusion_proofs((row[0] for row in signed), leaves)
    if root != bytes(checkpoint.root_hash):
        raise ValueError("the chain is not the one that was signed: verify it")
    return Extract(
        note=checkpoint.note,
        size=checkpoint.tree_size,
        entries=tuple(
            ProvenEntry(
                index=row[0],
                entry=entry_of(row[1:]).canonical().decode(),
                proof=tuple(proofs[row[0]]),
            )
            for row in signed
        ),
        later=len(rows) - len(signed),
    )


def _all(query: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
