"""Looking a face up: near enough, in force, at this site, of this tenant; and no trace of it in a log."""

from uuid import uuid4

import numpy as np
import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.tenancy import tenant_scope
from apps.watchlists.models import FaceEmbedding, WatchlistEntry
from apps.watchlists.queries import search
from apps.watchlists.queries.search import Gallery, Match, gallery_at, nearest, nearest_anywhere
from tests.bench.faces import Crowd, nearest_exactly
from tests.bench.test_face_search import FOREIGN, SITE, TENANT, fill
from tests.harness import environment
from tests.watchlists.people import MODEL, in_force
from tests.watchlists.people import fill as fill_gate
from tests.world import World, enter

pytestmark = pytest.mark.django_db
FAR = 9.0


def gallery(world: World, site: object = None) -> Gallery:
    return gallery_at(
        tenant_id=world.tenant.id, site_id=getattr(site, "id", world.site.id), model_sha256=MODEL
    )


def found(world: World, vector: list[float], *, threshold: float = 0.5) -> list[Match]:
    return nearest(gallery=gallery(world), vectors=[vector], limit=5, threshold=threshold)


def vector_of(entry: WatchlistEntry) -> list[float]:
    return [float(value) for value in FaceEmbedding.objects.get(entry=entry).vector]


def a_little_off(vector: list[float], distance: float) -> list[float]:
    return [vector[0] + distance, *vector[1:]]


@pytest.fixture(params=["one by one", "by index"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of looking, whatever the number of entries."""
    monkeypatch.setattr(search, "EXACT_UP_TO", 10**9 if request.param == "one by one" else -1)
    return str(request.param)


def test_a_face_near_an_entry_in_force_is_found_with_its_distance(world: World, way: str) -> None:
    fill_gate(world.compliance)
    entry = in_force(world)
    (match,) = found(world, a_little_off(vector_of(entry), 0.3))
    assert (match.place, match.entry_id) == (0, entry.id)
    assert match.distance == pytest.approx(0.3, abs=1e-5)


def test_a_face_as_far_as_the_threshold_matches_nobody(world: World, way: str) -> None:
    fill_gate(world.compliance)
    entry = in_force(world)
    assert found(world, a_little_off(vector_of(entry), 0.51)) == []


def test_several_faces_are_asked_for_at_once_and_each_answer_says_whose_it_is(
    world: World, way: str
) -> None:
    fill_gate(world.compliance)
    entry = in_force(world)
    near, far = a_little_off(vector_of(entry), 0.1), a_little_off(vector_of(entry), 3.0)
    matches = nearest(gallery=gallery(world), vectors=[far, near], limit=5, threshold=0.5)
    assert [match.place for match in matches] == [1]


def test_an_entry_of_another_site_is_not_compared(world: World, way: str) -> None:
    fill_gate(world.compliance)
    entry = in_force(world)
    elsewhere = Gallery(
        tenant_id=world.tenant.id, site_id=world.other_site.id, entries=1, vectors=1
    )
    asked = [vector_of(entry)]
    assert nearest(gallery=elsewhere, vectors=asked, limit=5, threshold=FAR) == []
    assert gallery(world, world.other_site).vectors == 0
    anywhere = nearest_anywhere(tenant_id=world.tenant.id, vectors=asked, limit=5, threshold=FAR)
    assert [match.entry_id for match in anywhere] == [entry.id]


def test_a_foreign_tenant_finds_nothing_even_if_it_names_ours(world: World, way: str) -> None:
    fill_gate(world.compliance)
    ours = gallery(world)
    asked = [vector_of(in_force(world))]
    enter(world.foreign_tenant)
    assert nearest(gallery=ours, vectors=asked, limit=5, threshold=FAR) == []
    assert nearest_anywhere(tenant_id=world.tenant.id, vectors=asked, limit=5, threshold=FAR) == []


def test_a_vector_out_of_use_is_not_compared(world: World, way: str) -> None:
    fill_gate(world.compliance)
    asked = vector_of(in_force(world))
    FaceEmbedding.objects.update(is_active=False)
    assert found(world, asked, threshold=FAR) == []
    assert gallery(world).entries == 0


def test_vectors_of_another_model_stop_the_comparison_instead_of_misleading_it(
    world: World,
) -> None:
    fill_gate(world.compliance)
    in_force(world)
    with pytest.raises(ValueError, match="another model"):
        gallery_at(tenant_id=world.tenant.id, site_id=world.site.id, model_sha256="1" * 64)


@pytest.mark.parametrize(
    ("vectors", "limit"), [([[0.0] * 127], 5), ([[0.0] * 128], 0)], ids=["length", "limit"]
)
def test_what_is_no_question_is_refused(
    world: World, vectors: list[list[float]], limit: int
) -> None:
    with pytest.raises(ValueError, match="128 numbers"):
        nearest(gallery=gallery(world), vectors=vectors, limit=limit, threshold=1.0)


def test_nobody_to_look_for_is_no_query(world: World) -> None:
    assert nearest(gallery=gallery(world), vectors=[], limit=5, threshold=1.0) == []


def test_djangos_query_log_never_sees_a_vector(world: World, way: str) -> None:
    fill_gate(world.compliance)
    entry = in_force(world)
    asked = a_little_off(vector_of(entry), 0.123456)
    with CaptureQueriesContext(connection) as queries:
        assert found(world, asked)
    assert queries.captured_queries
    text = str(queries.captured_queries)
    assert f"{asked[0]:.6g}"[:7] not in text
    assert "<->" not in text


def test_settings_of_a_search_end_with_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "EXACT_UP_TO", -1)
    found(world, [0.0] * 128)
    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_sort")
        assert cursor.fetchone() == ("on",)


@pytest.mark.django_db(transaction=True)
def test_the_index_finds_what_comparing_with_all_finds_and_stays_inside_the_tenant(
    superuser_connection: psycopg.Connection,
) -> None:
    crowd = Crowd()
    enrolled = crowd.people(4000, seed=1)
    ids = fill(superuser_connection, enrolled)
    ours = np.flatnonzero(np.arange(len(enrolled)) % 10 != 0)
    asked = np.concatenate([crowd.again(enrolled[ours[:60]], seed=2), crowd.people(60, seed=3)])
    foreign = enrolled[::10][:20]
    with tenant_scope(TENANT):
        everybody = Gallery(tenant_id=TENANT, site_id=SITE, entries=3600, vectors=3600)
        assert not everybody.is_searched_exactly
        matches = nearest(gallery=everybody, vectors=asked.tolist(), limit=1, threshold=FAR)
        theirs = nearest(gallery=everybody, vectors=foreign.tolist(), limit=5, threshold=FAR)
    right = [ids[ours[place]] for place in nearest_exactly(enrolled[ours], asked)]
    hits = [match.entry_id == right[match.place] for match in matches]
    assert len(hits) == len(asked)
    assert np.mean(hits) >= 0.98
    others = {ids[place] for place in range(0, len(ids), 10)}
    assert theirs
    assert not others & {match.entry_id for match in theirs}
    with tenant_scope(FOREIGN):
        assert nearest(gallery=everybody, vectors=asked.tolist(), limit=1, threshold=FAR) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fails", [False, True], ids=["slow", "failed"])
def test_postgresql_logs_a_statement_without_the_face_it_asked_for(
    superuser_connection: psycopg.Connection, fails: bool
) -> None:
    mark, face = uuid4().hex, [0.123456789] * 127 + [0.5]
    superuser_connection.execute("SET log_min_duration_statement = 0")
    superuser_connection.execute("SET log_min_error_statement = 'error'")
    cursor = psycopg.Cursor(superuser_connection)
    text = str(face)
    if fails:
        with pytest.raises(psycopg.errors.DivisionByZero):
            cursor.execute(f"SELECT '{mark}', %s::vector, 1 / (length(%s) * 0)", [text, text])
    else:
        cursor.execute(f"SELECT '{mark}', %s::vector", [text])
    log = environment.HOME.log("postgres").read_text()
    assert mark in log
    assert "0.123456789" not in log
