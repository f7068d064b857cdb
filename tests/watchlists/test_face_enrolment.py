"""The pictures of a proposal are measured and forgotten; those of an entry in force are embedded."""

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from apps.alerts.models import Clip
from apps.storage.keys import watchlist_image
from apps.storage.store import media_store
from apps.triage.states import EntryState
from apps.watchlists.models import EntryImage, FaceEmbedding, WatchlistEntry
from apps.watchlists.operations.advancing import advance_entry
from apps.watchlists.operations.gate import withdraw_gate
from apps.watchlists.queries.gate import gate_of
from tests.watchlists.people import actor, approve, propose
from tests.watchlists.people import fill as fill_gate
from tests.workers.inference.conftest import BUNDLED, SHARED_CLIPS
from tests.world import NOW, World
from workers.activities.enrolment import check_enrolment, enrol_face
from workers.inference.face_embedding import LEAD_BELOW
from workers.inference.limits import ClipLimits
from workers.inference.reading import frames_at
from workflows.enrolment_messages import EntryRef

pytestmark = pytest.mark.django_db
WALKING = SHARED_CLIPS / "face-demographics-walking.mp4"
with_footage = pytest.mark.skipif(
    not WALKING.is_file(), reason="the development clips are not beside this checkout"
)


def walkers(*, left: bool = True, right: bool = True) -> bytes:
    """The two people of a development clip, enlarged four times; either may be left out."""
    frame = frames_at(WALKING, times=[2.7], limits=ClipLimits()).images[0]
    large = Image.fromarray(frame).resize((1920, 1080), Image.Resampling.BICUBIC)
    first, last = (0 if left else 960), (1920 if right else 960)
    buffer = io.BytesIO()
    large.crop((first, 200, last, 900)).save(buffer, "PNG")
    return buffer.getvalue()


def blank() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((300, 300, 3), 130, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def proposed(world: World, picture: bytes | None) -> WatchlistEntry:
    """A proposal being checked whose only picture is this one, or still a moment of the clip."""
    entry = propose(world)
    advance_entry(entry_id=entry.id, now=entry.proposed_at)
    for image in entry.images.all() if picture is not None else ():
        key = watchlist_image(tenant_id=entry.tenant_id, entry_id=entry.id, image_id=image.id)
        media_store().put_stream(
            key=key, stream=io.BytesIO(picture), length=len(picture), content_type="image/png"
        )
        EntryImage.objects.filter(id=image.id).update(
            key=key, sha256=hashlib.sha256(picture).hexdigest()
        )
    entry.refresh_from_db()
    assert entry.state == EntryState.CHECKING
    return entry


def check(entry: WatchlistEntry) -> tuple[bool, dict[str, dict[str, object]]]:
    answer = check_enrolment(EntryRef(tenant_id=str(entry.tenant_id), entry_id=str(entry.id)))
    entry.refresh_from_db()
    return answer.passed, {f["code"]: f for f in entry.findings if "image" in f}


def enrol(entry: WatchlistEntry) -> None:
    enrol_face(EntryRef(tenant_id=str(entry.tenant_id), entry_id=str(entry.id)))


def put_in_force(world: World, entry: WatchlistEntry) -> WatchlistEntry:
    advance_entry(entry_id=entry.id, now=entry.proposed_at)
    entry.refresh_from_db()
    return approve(entry, world.compliance, now=entry.proposed_at)


@pytest.mark.parametrize("picture", [blank(), b"no picture at all"], ids=["empty", "broken"])
def test_a_picture_without_a_face_does_not_pass_and_says_so(
    world: World, s3: dict[str, str], picture: bytes
) -> None:
    fill_gate(world.compliance)
    passed, findings = check(proposed(world, picture))
    assert not passed
    assert findings["one_face"]["passed"] is False
    assert (findings["one_face"]["measured"], findings["one_face"]["needed"]) == (0, 1)
    assert len(findings) == 1


@with_footage
def test_two_faces_in_a_picture_are_one_too_many(world: World, s3: dict[str, str]) -> None:
    fill_gate(world.compliance)
    passed, findings = check(proposed(world, walkers()))
    assert not passed
    assert findings["one_face"]["measured"] == 2


@with_footage
def test_a_face_is_measured_and_forgotten_until_somebody_approves(
    world: World, s3: dict[str, str]
) -> None:
    fill_gate(world.compliance)
    entry = proposed(world, walkers(left=False))
    passed, findings = check(entry)
    assert passed, findings
    assert set(findings) >= {"one_face", "face_pixels", "sharpness", "pose", "light"}
    assert findings["not_a_duplicate"]["passed"] is True
    assert entry.images.get().quality >= 0.5
    enrol(entry)
    assert not FaceEmbedding.objects.exists()

    put_in_force(world, entry)
    enrol(entry)
    enrol(entry)

    (stored,) = FaceEmbedding.objects.all()
    assert stored.model_id == "face-embedding-dlib"
    assert 0.8 < np.linalg.norm(np.array(stored.vector)) < 2.0


@with_footage
def test_a_face_that_is_in_force_already_is_found(world: World, s3: dict[str, str]) -> None:
    fill_gate(world.compliance)
    first = proposed(world, walkers(left=False))
    check(first)
    enrol(put_in_force(world, first))
    passed, findings = check(proposed(world, walkers(left=False)))
    assert not passed
    found = findings["not_a_duplicate"]
    assert found["duplicate_of"] == str(first.id)
    assert found["measured"] < 0.01 < LEAD_BELOW == found["needed"]


def test_behind_a_shut_gate_nothing_is_measured(world: World, s3: dict[str, str]) -> None:
    fill_gate(world.compliance)
    entry = proposed(world, blank())
    withdraw_gate(
        actor=actor(world.compliance),
        user=world.compliance,
        reason="The impact assessment is being redone.",
        instead_of=gate_of(world.tenant.id, now=NOW).latest.version,
        now=NOW,
    )
    passed, findings = check(entry)
    assert (passed, findings) == (False, {})


def test_a_moment_of_the_clip_is_cut_around_the_point_and_stored(
    world: World, s3: dict[str, str]
) -> None:
    fill_gate(world.compliance)
    entry = proposed(world, None)
    content = BUNDLED.read_bytes()
    key = f"test/{entry.alert_id}/master"
    media_store().put_stream(
        key=key, stream=io.BytesIO(content), length=len(content), content_type="video/mp4"
    )
    Clip.objects.filter(alert_id=entry.alert_id).update(
        master_key=key, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content)
    )
    check(entry)
    image = entry.images.get()
    assert image.key == watchlist_image(
        tenant_id=entry.tenant_id, entry_id=entry.id, image_id=image.id
    )
    assert (image.width, image.height) == (240, 240)
    with media_store().get_stream(key=image.key) as stream:
        assert hashlib.sha256(stream.read()).hexdigest() == image.sha256


def test_a_moment_of_a_clip_that_is_gone_shows_no_face(world: World, s3: dict[str, str]) -> None:
    fill_gate(world.compliance)
    entry = proposed(world, None)
    Clip.objects.filter(alert_id=entry.alert_id).update(state="refused")
    passed, findings = check(entry)
    assert not passed
    assert findings["one_face"]["measured"] == 0
