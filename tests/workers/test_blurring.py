"""From an analysed clip to the copy that people are shown: made once, registered, recorded, or noted why not."""

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Tenant
from apps.alerts.models import Alert, Clip
from apps.alerts.operations.blurring import note_not_blurred, note_step_failed, record_blurred
from apps.audit.events import Subject
from apps.audit.queries import AuditEvent, events_of
from apps.evidence.models import EvidenceItem
from apps.storage.keys import alert_working
from apps.storage.store import media_store
from apps.triage.canonical import canonical_bytes
from apps.triage.states import ClipState
from tests.world import World, make_alert
from workers.activities import blurring
from workers.activities.blurring import blur_clip, subject_track
from workers.activities.clips import note_footage
from workers.inference.analysis import analyse_clip
from workers.inference.limits import ClipLimits
from workers.inference.probe import probe_clip
from workers.inference.refusals import ClipTooSlow
from workers.inference.results import REFERENCE_DETECTOR
from workflows.activities import BLUR_CLIP, EXPLAIN_CLIP, NOTE_FOOTAGE
from workflows.messages import AlertRef, NoteFootage

FILM = Path("workers/inference/clips/pets2009-walkway.mp4")


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    return analyse_clip(FILM, limits=ClipLimits(max_sampled_frames=10)).to_json()


@pytest.fixture
def analysed(s3: dict[str, str], world: World, seen: dict[str, Any]) -> Alert:
    """An alert whose clip is stored and analysed."""
    alert = make_alert(world.camera)

    def put(name: str, content: bytes, kind: str) -> str:
        key = alert_working(tenant_id=alert.tenant_id, alert_id=alert.id, name=name)
        store = media_store()
        store.put_stream(
            key=key, stream=io.BytesIO(content), length=len(content), content_type=kind
        )
        return key

    film = FILM.read_bytes()
    key = put("master", film, "video/mp4")
    Clip.objects.filter(alert=alert).update(
        state=ClipState.STORED,
        master_key=key,
        playable_key=key,
        sha256=hashlib.sha256(film).hexdigest(),
        size_bytes=len(film),
        analysis_key=put("analysis.json", canonical_bytes(seen), "application/json"),
    )
    return alert


def blur(alert: Alert) -> Clip:
    blur_clip(AlertRef(tenant_id=str(alert.tenant_id), alert_id=str(alert.id)))
    return Clip.objects.get(alert=alert)


def told(alert: Alert, event: str) -> list[AuditEvent]:
    found = events_of(tenant_id=alert.tenant_id, subjects=[Subject("alert", alert.id)])
    return [one for one in found if one.event == event]


def test_a_clip_is_blurred_once_and_registered(analysed: Alert, tmp_path: Path) -> None:
    clip = blur(analysed)
    assert clip.blurred_key
    assert blur(analysed).blurred_key == clip.blurred_key
    item = EvidenceItem.objects.get(alert=analysed)
    assert (item.kind, item.key, item.media_type) == ("working", clip.blurred_key, "video/mp4")
    (event,) = told(analysed, "clip:blurred")
    assert event.details["frames"] == probe_clip(FILM, limits=ClipLimits()).frames
    assert event.details["subject_visible"] is False
    copy = tmp_path / "copy.mp4"
    with media_store().get_stream(key=clip.blurred_key) as stream:
        copy.write_bytes(stream.read())
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == item.sha256
    assert probe_clip(copy, limits=ClipLimits()).browser_playable


def test_a_clip_that_is_not_analysed_yet_is_left_alone(analysed: Alert) -> None:
    Clip.objects.filter(alert=analysed).update(analysis_key="")
    clip = blur(analysed)
    assert (clip.blurred_key, clip.blur_note) == ("", "")


def test_a_clip_that_cannot_be_copied_is_noted_in_words(
    analysed: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_slow(*arguments: object, **named: object) -> None:
        raise ClipTooSlow("Reading the clip took longer than 1200 s and was stopped.")

    monkeypatch.setattr(blurring, "write_blurred_copy", too_slow)
    clip = blur(analysed)
    assert (clip.blurred_key, clip.blur_note) == (
        "",
        "Reading the clip took longer than 1200 s and was stopped.",
    )
    blur(analysed)
    assert len(told(analysed, "alert:step_failed")) == 1


def test_a_tenant_may_show_the_person_the_alert_is_about(
    analysed: Alert, monkeypatch: pytest.MonkeyPatch, seen: dict[str, Any]
) -> None:
    asked: list[int | None] = []
    real = blurring.write_blurred_copy

    def watched(*arguments: Any, **named: Any) -> Any:
        asked.append(named["visible_track"])
        return real(*arguments, **named)

    monkeypatch.setattr(blurring, "write_blurred_copy", watched)
    Tenant.objects.filter(id=analysed.tenant_id).update(shows_subject_face=True)
    blur(analysed)
    assert asked == [subject_track(seen, detector_id=analysed.detector_id)]


def seen_with(*tracks: int, subject: int | None = None) -> dict[str, Any]:
    return {"tracks": [{"id": one} for one in tracks], "behaviour": {"subject_track": subject}}


@pytest.mark.parametrize(
    ("analysis", "detector", "expected"),
    [
        (seen_with(1, 2, subject=2), REFERENCE_DETECTOR, 2),
        (seen_with(1, 2, subject=2), "somebody-elses", None),
        (seen_with(7), "somebody-elses", 7),
        (seen_with(1, 2), REFERENCE_DETECTOR, None),
        (seen_with(1, 2, subject=9), REFERENCE_DETECTOR, None),
        (seen_with(), REFERENCE_DETECTOR, None),
        ({"tracks": [{"id": 1}, {"id": 2}], "behaviour": None}, REFERENCE_DETECTOR, None),
    ],
    ids=["ours", "external", "alone", "no score", "lost track", "nobody", "no behaviour"],
)
def test_whom_an_alert_is_about(
    analysis: dict[str, Any], detector: str, expected: int | None
) -> None:
    assert subject_track(analysis, detector_id=detector) == expected


@pytest.mark.parametrize(
    ("step", "field"), [(BLUR_CLIP, "blur_note"), (EXPLAIN_CLIP, "saliency_note")]
)
def test_a_step_that_failed_for_good_is_noted_on_its_clip(
    world: World, step: Any, field: str
) -> None:
    alert = make_alert(world.camera)
    note_footage(
        NoteFootage(
            tenant_id=str(alert.tenant_id),
            alert_id=str(alert.id),
            step=step.name,
            kind="StorageUnavailable",
        )
    )
    assert "StorageUnavailable" in getattr(Clip.objects.get(alert=alert), field)
    assert NOTE_FOOTAGE.queue == "triage"


def test_a_note_never_overrules_a_copy_that_is_there(world: World) -> None:
    alert, now = make_alert(world.camera), timezone.now()
    note_step_failed(alert_id=alert.id, step="blur_clip", kind="timeout")
    record_blurred(alert_id=alert.id, key="k", facts={"frames": 3}, now=now)
    note_not_blurred(alert_id=alert.id, reason="late news")
    clip = Clip.objects.get(alert=alert)
    assert (clip.blurred_key, clip.blur_note) == ("k", "")
    record_blurred(alert_id=alert.id, key="k", facts={"frames": 3}, now=now)
    assert len(told(alert, "clip:blurred")) == 1
