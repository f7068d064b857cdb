"""From a camera's recording to an alert's clip, and to the half minute before it."""

import io
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.alerts.intake import CUT_FROM_RECORDING
from apps.alerts.models import Alert, Clip
from apps.alerts.operations.recordings import expect_from_recording
from apps.audit.events import Actor, Subject
from apps.audit.queries import events_of
from apps.evidence.models import EvidenceItem
from apps.evidence.queries import shows_faces
from apps.sites.models import Recording
from apps.sites.operations import RecordedFile, register_recording
from apps.storage.store import media_store
from apps.triage.states import ClipState
from tests.world import NOW, World, make_alert
from workers.activities.clips import acquire_clip
from workers.activities.cutting_before import NO_RECORDING, cut_before
from workers.inference.cutting import cut_span
from workers.inference.limits import ClipLimits
from workers.inference.probe import probe_clip
from workers.inference.refusals import ClipUndecodable
from workflows.messages import AcquireClip, AlertRef, ClipStanding

SECONDS = 80


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """80 seconds at 5 pictures a second, a key frame every 2; the brightness says the second."""
    path = tmp_path_factory.mktemp("recording") / "film.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream(
            "libx264", rate=5, options={"g": "10", "bf": "2", "sc_threshold": "0"}
        )
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(SECONDS * 5):
            picture = np.full((120, 160, 3), 40 + 2 * (number // 5), dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 5)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def second_of(path: Path) -> tuple[float, float]:
    """The first and the last picture's second, read off its brightness."""
    with av.open(str(path)) as source:
        values = [float(f.to_ndarray(format="rgb24").mean()) for f in source.decode(video=0)]
    return (values[0] - 40) / 2, (values[-1] - 40) / 2


def keep(world: World, film: Path, *, before_alert: float = 65.0) -> Recording:
    file = RecordedFile(
        stream=io.BytesIO(film.read_bytes()),
        size_bytes=film.stat().st_size,
        media_type="video/mp4",
        starts_at=NOW - timedelta(seconds=before_alert),
        seconds=SECONDS,
    )
    actor = Actor.system(world.tenant.id)
    return register_recording(actor=actor, camera=world.camera, file=file, now=timezone.now())


def acquire(alert: Alert) -> ClipStanding:
    ref = AcquireClip(tenant_id=str(alert.tenant_id), alert_id=str(alert.id), give_up=False)
    return acquire_clip(ref).standing


def ref_of(alert: Alert) -> AlertRef:
    return AlertRef(tenant_id=str(alert.tenant_id), alert_id=str(alert.id))


def test_a_span_begins_at_the_key_frame_before_it_and_says_so(film: Path, tmp_path: Path) -> None:
    target = tmp_path / "cut"
    cut = cut_span(film, target, start_seconds=21.0, end_seconds=30.0, limits=ClipLimits())
    assert cut.start_seconds == pytest.approx(20.0, abs=0.01)
    assert 30.0 <= cut.end_seconds <= 31.0  # pictures that the last ones refer to come along
    first, last = second_of(target)
    assert first == pytest.approx(20, abs=1)
    assert last == pytest.approx(29.5, abs=1.5)
    length = cut.end_seconds - cut.start_seconds
    assert probe_clip(target, limits=ClipLimits()).duration_seconds == pytest.approx(
        length, abs=0.5
    )


def test_a_span_after_the_recordings_end_is_refused(film: Path, tmp_path: Path) -> None:
    with pytest.raises(ClipUndecodable):
        cut_span(film, tmp_path / "no", start_seconds=500, end_seconds=501, limits=ClipLimits())
    assert list(tmp_path.iterdir()) == []


def test_a_recordings_times_are_true_not_the_cameras(
    s3: dict[str, str], world: World, film: Path
) -> None:
    world.camera.clock_offset_seconds = 12.0
    row = keep(world, film, before_alert=0)
    assert row.starts_at == NOW - timedelta(seconds=12)
    assert row.ends_at - row.starts_at == timedelta(seconds=SECONDS)


def test_an_alert_that_is_only_a_time_gets_its_clip_from_the_recording(
    s3: dict[str, str], world: World, film: Path
) -> None:
    recording = keep(world, film)
    alert = make_alert(world.camera, clip=False)
    expect_from_recording(alert)
    assert Clip.objects.get(alert=alert).delivery == CUT_FROM_RECORDING
    assert acquire(alert) is ClipStanding.STORED
    clip = Clip.objects.get(alert=alert)
    assert recording.sha256 in clip.original_name
    item = EvidenceItem.objects.get(alert=alert, kind="master")
    assert item.original_name == clip.original_name
    assert item.sha256 == clip.sha256


def test_without_a_recording_of_all_of_it_nothing_is_expected(
    s3: dict[str, str], world: World, film: Path
) -> None:
    keep(world, film, before_alert=20)  # begins 20 s before: 10 s are missing
    alert = make_alert(world.camera, clip=False)
    expect_from_recording(alert)
    assert not Clip.objects.filter(alert=alert).exists()


def analysed(world: World, *, seconds: float) -> Alert:
    alert = make_alert(world.camera)
    Clip.objects.filter(alert=alert).update(
        state=ClipState.STORED, analysis_key="there", duration_ms=round(seconds * 1000)
    )
    return alert


def test_the_half_minute_before_a_clip_is_cut_and_blurred_once(
    s3: dict[str, str], world: World, film: Path, tmp_path: Path
) -> None:
    recording = keep(world, film)
    alert = analysed(world, seconds=15)
    cut_before(ref_of(alert))
    clip = Clip.objects.get(alert=alert)
    assert clip.before_seconds == pytest.approx(30, abs=2.5)
    copy = tmp_path / "before.mp4"
    with media_store().get_stream(key=clip.before_key) as stream:
        copy.write_bytes(stream.read())
    assert second_of(copy)[0] == pytest.approx(20, abs=1.5)
    assert not shows_faces(EvidenceItem.objects.get(alert=alert, key=clip.before_key))
    cut_before(ref_of(alert))
    told = events_of(tenant_id=alert.tenant_id, subjects=[Subject("alert", alert.id)])
    facts = [one.details for one in told if one.event == "clip:before_cut"]
    assert [one["recording_sha256"] for one in facts] == [recording.sha256]


def test_without_a_recording_the_clip_says_so(s3: dict[str, str], world: World) -> None:
    alert = analysed(world, seconds=15)
    cut_before(ref_of(alert))
    clip = Clip.objects.get(alert=alert)
    assert (clip.before_key, clip.before_note) == ("", NO_RECORDING)


def test_the_command_keeps_a_recording(s3: dict[str, str], world: World, film: Path) -> None:
    camera, tenant = world.camera.slug, world.tenant.slug
    call_command(
        "recording_add", str(film), camera=camera, tenant=tenant, starts_at=NOW.isoformat()
    )
    row = Recording.objects.get(camera=world.camera)
    assert row.ends_at - row.starts_at == pytest.approx(
        timedelta(seconds=SECONDS), abs=timedelta(seconds=0.5)
    )
