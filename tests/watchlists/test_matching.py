"""The faces of a clip against the entries in force: off without the gate, in memory, and a lead at the most."""

import hashlib
import io
import json
import logging
import tempfile
from pathlib import Path
from uuid import uuid4

import numpy as np
import psycopg
import pytest
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert, Clip
from apps.audit.models import InboxEntry
from apps.storage.store import media_store
from apps.watchlists.models import FaceEmbedding, SightingLead, WatchlistEntry
from apps.watchlists.queries.search import Match
from tests.harness import environment
from tests.watchlists.people import approve, checked
from tests.watchlists.people import fill as fill_gate
from tests.workers.inference.conftest import BUNDLED
from tests.world import World, make_alert, make_world
from workers.activities import matching
from workers.activities.matching import closest_by_entry, compare_faces
from workers.inference.face_embedding import LEAD_BELOW
from workers.inference.face_gathering import TrackFace
from workers.inference.registry import FACE_EMBEDDING, process_models
from workflows.messages import AlertRef

NOW = timezone.now()
ENTRY = process_models().registry.entry(FACE_EMBEDDING)


def a_face(seed: int, *, track: int = 1) -> TrackFace:
    """A face of nobody: 128 numbers such as the network gives."""
    vector = np.random.default_rng(seed).normal(0, 0.11, 128).astype(np.float32)
    return TrackFace(
        track=track,
        seconds=2.5,
        quality=0.8,
        moments=3,
        embedding=vector,
        around=np.full((64, 64, 3), 120, np.uint8),
    )


def analysed_alert(world: World) -> Alert:
    """An alert whose clip and analysis are in the store."""
    alert = make_alert(world.camera)
    keys = {name: f"test/{alert.id}/{name}" for name in ("master", "analysis")}
    content = BUNDLED.read_bytes()
    tracks = json.dumps({"tracks": []}).encode()
    for key, data in ((keys["master"], content), (keys["analysis"], tracks)):
        media_store().put_stream(
            key=key, stream=io.BytesIO(data), length=len(data), content_type="video/mp4"
        )
    Clip.objects.filter(alert=alert).update(
        state="stored",
        master_key=keys["master"],
        analysis_key=keys["analysis"],
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        duration_ms=10_000,
        marked_from_ms=1000,
        marked_to_ms=2000,
    )
    return Alert.objects.get(id=alert.id)


def entry_with(world: World, face: TrackFace, *, apart: float = 0.2) -> WatchlistEntry:
    """An entry in force whose vector lies `apart` from a face."""
    entry = approve(checked(world), world.compliance, now=NOW)
    vector = face.embedding.copy()
    vector[0] += apart
    for image in entry.images.all():
        FaceEmbedding.objects.create(
            tenant_id=entry.tenant_id,
            entry=entry,
            image=image,
            vector=vector.tolist(),
            model_id=ENTRY.id,
            model_sha256=ENTRY.sha256,
            quality=0.9,
            created_at=NOW,
        )
    return entry


def run(alert: Alert) -> None:
    compare_faces(AlertRef(tenant_id=str(alert.tenant_id), alert_id=str(alert.id)))


def seen(monkeypatch: pytest.MonkeyPatch, *faces: TrackFace) -> list[int]:
    """The clip shows these faces; the list counts how often somebody looked."""
    looks: list[int] = []

    def look(*arguments: object, **options: object) -> list[TrackFace]:
        looks.append(1)
        return list(faces)

    monkeypatch.setattr(matching, "faces_of_tracks", look)
    return looks


pytestmark = pytest.mark.django_db


def test_without_a_legal_gate_nobody_even_looks_for_a_face(
    world: World, s3: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = seen(monkeypatch, a_face(1))
    run(analysed_alert(world))
    assert not looks
    assert not InboxEntry.objects.filter(event="faces:compared").exists()


def test_with_nobody_to_compare_with_nobody_looks(
    world: World, s3: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_gate(world.compliance, now=NOW)
    looks = seen(monkeypatch, a_face(1))
    run(analysed_alert(world))
    assert not looks


def test_a_match_is_a_lead_with_all_that_speaks_against_it(
    world: World, s3: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_gate(world.compliance, now=NOW)
    face = a_face(1)
    entry = entry_with(world, face, apart=0.3)
    seen(monkeypatch, a_face(2, track=9), face)
    alert = analysed_alert(world)

    run(alert)

    lead = SightingLead.objects.get(alert=alert)
    assert (lead.entry_id, lead.state) == (entry.id, "open")
    assert lead.score == pytest.approx(0.3, abs=1e-5)
    assert (lead.threshold, lead.quality, lead.seconds) == (LEAD_BELOW, 0.8, 2.5)
    assert lead.error_rate == pytest.approx(0.148)
    assert "23 pairs" in lead.error_rate_source
    assert (lead.model_id, lead.model_sha256) == (ENTRY.id, ENTRY.sha256)
    assert lead.entries_compared == 1
    with media_store().get_stream(key=lead.crop_key) as stream:
        assert stream.read().startswith(b"\xff\xd8")


def test_comparing_is_written_down_in_numbers_only(
    world: World, s3: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_gate(world.compliance, now=NOW)
    face = a_face(1)
    entry_with(world, face)
    seen(monkeypatch, face, a_face(2))
    run(analysed_alert(world))
    (event,) = InboxEntry.objects.filter(event="faces:compared")
    text = json.dumps(
        event.details if hasattr(event, "details") else str(event.__dict__), default=str
    )
    assert all(word in text for word in ("faces", "entries", "matches", "threshold"))
    assert "[" not in text.replace("[]", "")


def test_comparing_again_raises_no_second_lead(
    world: World, s3: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_gate(world.compliance, now=NOW)
    face = a_face(1)
    entry_with(world, face)
    seen(monkeypatch, face)
    alert = analysed_alert(world)
    run(alert)
    run(alert)
    assert SightingLead.objects.filter(alert=alert).count() == 1


def test_of_several_faces_the_nearest_stands_for_an_entry() -> None:
    one, other = uuid4(), uuid4()
    matches = [
        Match(place=0, entry_id=one, distance=0.4),
        Match(place=1, entry_id=one, distance=0.2),
        Match(place=0, entry_id=other, distance=0.3),
    ]
    hits = closest_by_entry([a_face(1), a_face(2, track=2)], matches)
    assert [(hit.entry_id, hit.face.track) for hit in hits] == [(one, 2), (other, 1)]


@pytest.mark.django_db(transaction=True)
def test_a_face_that_matches_nobody_never_touches_a_disk(
    s3: dict[str, str],
    superuser_connection: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Database files, write-ahead log, S3 volumes, temporary files and logs are read byte by byte; the vector that was
    enrolled is found there, so the search finds what is there."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    caplog.set_level(logging.DEBUG)
    world = make_world()
    stranger, enrolled = a_face(11), a_face(12)
    with tenant_scope(world.tenant.id):
        fill_gate(world.compliance, now=NOW)
        entry_with(world, enrolled, apart=0.0)
        alert = analysed_alert(world)
    looks = seen(monkeypatch, stranger)

    run(alert)

    assert looks
    with tenant_scope(world.tenant.id):
        assert not SightingLead.objects.exists()
        assert InboxEntry.objects.filter(event="faces:compared").exists()
    superuser_connection.execute("CHECKPOINT")
    places = [environment.HOME.path, Path(environment.POSTGRES.working_directory()), tmp_path]
    assert found_in(places, enrolled)
    assert not found_in(places, stranger)
    for form in text_forms(stranger):
        assert form.decode() not in caplog.text


def found_in(places: list[Path], face: TrackFace) -> list[Path]:
    """The files that hold a run of this face's numbers, in one of the forms a program would write them in."""
    raw = face.embedding[4:8]
    forms = [raw.astype("<f4").tobytes(), raw.astype(">f4").tobytes(), raw.astype("<f8").tobytes()]
    forms += text_forms(face)
    files = {path.resolve() for place in places for path in place.rglob("*") if path.is_file()}
    return [path for path in files if any(form in _content(path) for form in forms)]


def text_forms(face: TrackFace) -> list[bytes]:
    """Two numbers in a row, as text with 6 to 9 digits."""
    pairs = [[f"{float(x):.{digits}g}" for x in face.embedding[4:6]] for digits in (6, 7, 8, 9)]
    return [separator.join(pair).encode() for pair in pairs for separator in (",", ", ")]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # a server removed or renamed it meanwhile
        return b""
