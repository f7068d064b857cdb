"""Looking a face up among the entries in force. Vectors travel as bound parameters, and leave no trace in a log.

Django would put a parameter's text into the statement, into its own query log and into an error's local values; a face
vector may be in none of them. So the statements go to psycopg directly, on Django's connection and in its transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import psycopg
from django.db import connection

from apps.triage.states import EntryState
from apps.watchlists.models import VECTOR_LENGTH, FaceEmbedding

EXACT_UP_TO: Final = 2_000
"""So many vectors at a site are compared one by one: exact, and as fast as the index."""

WIDE_FROM: Final = 200_000
BEAM: Final = 60
WIDE_BEAM: Final = 200
"""How many candidates the index keeps while it looks; more for more than `WIDE_FROM` vectors. Measured: docs/faces.md."""

_AT_SITE: Final = """
        AND EXISTS (
            SELECT 1 FROM watchlists_entrysite s
            WHERE s.entry_id = f.entry_id AND s.site_id = %(site)s
        )
"""
# Added to the distance, 0 keeps the planner from the approximate index.
_ONE_BY_ONE: Final = """
    SELECT q.place, found.entry_id, found.distance
    FROM unnest(%(faces)s::vector[]) WITH ORDINALITY AS q (face, place),
    LATERAL (
        SELECT f.entry_id, f.vector <-> q.face AS distance
        FROM watchlists_faceembedding f
        JOIN watchlists_watchlistentry e ON e.id = f.entry_id AND e.state = 'active'
        WHERE f.is_active AND f.tenant_id = %(tenant)s {site}
        ORDER BY (f.vector <-> q.face) + 0 LIMIT %(limit)s
    ) found
    WHERE found.distance < %(threshold)s
    ORDER BY q.place, found.distance
"""
_BY_INDEX: Final = """
    SELECT q.place, found.entry_id, found.distance
    FROM unnest(%(faces)s::vector[]) WITH ORDINALITY AS q (face, place),
    LATERAL watchlists_nearest(%(tenant)s, %(site)s, q.face, %(limit)s, %(beam)s) found
    WHERE found.distance < %(threshold)s
    ORDER BY q.place, found.distance
"""


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """What a face seen at a site is compared with: how many entries in force, by how many vectors."""

    tenant_id: UUID
    site_id: UUID
    entries: int
    vectors: int

    @property
    def is_searched_exactly(self) -> bool:
        return self.vectors <= EXACT_UP_TO


@dataclass(frozen=True, kw_only=True)
class Match:
    """A face, by its place among those asked for, and an entry whose vector lies at `distance` (L2)."""

    place: int
    entry_id: UUID
    distance: float


def gallery_at(*, tenant_id: UUID, site_id: UUID, model_sha256: str) -> Gallery:
    """Count what can be compared at a site. Vectors of another model say nothing and are not counted.

    Raises ValueError when some vectors in force are of another model: they would be compared with the wrong numbers.
    """
    found = FaceEmbedding.objects.filter(
        tenant_id=tenant_id,
        is_active=True,
        entry__state=EntryState.ACTIVE,
        entry__site_links__site_id=site_id,
    )
    if found.exclude(model_sha256=model_sha256).exists():
        raise ValueError("entries at this site were enrolled with another model; enrol them again")
    return Gallery(
        tenant_id=tenant_id,
        site_id=site_id,
        entries=found.order_by().values("entry_id").distinct().count(),
        vectors=found.count(),
    )


def nearest(
    *, gallery: Gallery, vectors: Sequence[Sequence[float]], limit: int, threshold: float
) -> list[Match]:
    """For each vector [128] the nearest entries of a gallery that lie closer than `threshold`, nearest first.

    At most `limit` vectors are returned for each; an entry enrolled with several may come more than once. Few are
    compared one by one, many through the index, whose candidates are ranked by exact distance. Runs inside the
    tenant's scope. Raises ValueError for a vector of another length or a limit below 1.
    """
    sql = _ONE_BY_ONE.format(site=_AT_SITE) if gallery.is_searched_exactly else _BY_INDEX
    beam = BEAM if gallery.vectors <= WIDE_FROM else WIDE_BEAM
    parameters: dict[str, UUID | int] = {
        "tenant": gallery.tenant_id,
        "site": gallery.site_id,
        "beam": beam,
    }
    return _matches(sql, parameters, vectors=vectors, limit=limit, threshold=threshold)


def nearest_anywhere(
    *, tenant_id: UUID, vectors: Sequence[Sequence[float]], limit: int, threshold: float
) -> list[Match]:
    """As `nearest`, among every entry in force of the tenant, compared one by one: for enrolment, not for footage."""
    sql = _ONE_BY_ONE.format(site="")
    return _matches(sql, {"tenant": tenant_id}, vectors=vectors, limit=limit, threshold=threshold)


def _matches(
    sql: str,
    parameters: Mapping[str, UUID | int],
    *,
    vectors: Sequence[Sequence[float]],
    limit: int,
    threshold: float,
) -> list[Match]:
    if limit < 1 or any(len(vector) != VECTOR_LENGTH for vector in vectors):
        raise ValueError(f"a face vector has {VECTOR_LENGTH} numbers, and at least one is wanted")
    if not len(vectors):
        return []
    faces = [_literal(vector) for vector in vectors]
    asked = {**parameters, "faces": faces, "limit": limit, "threshold": threshold}
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        rows = cursor.execute(sql, asked).fetchall()
    return [
        Match(place=int(place) - 1, entry_id=entry, distance=float(distance))
        for place, entry, distance in rows
    ]


def _literal(vector: Sequence[float]) -> str:
    """pgvector's text form, with every digit of a 32-bit number."""
    return "[" + ",".join(f"{float(value):.9g}" for value in vector) + "]"
