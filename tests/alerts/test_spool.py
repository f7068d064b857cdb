"""The clip spool: complete or not there, and never full of orphans."""

import os
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from django.utils import timezone, translation
from pytest_django import Settings

from apps.alerts import spool as spool_module
from apps.alerts.models import Clip
from apps.alerts.spool import UnableToSpool, discard, path_of, spool_clip, sweep
from apps.alerts.tasks import sweep_spool
from tests.alerts.senders import MP4, Detector, stated
from tests.world import World


def age(path: Path, *, hours: float) -> None:
    moment = timezone.now().timestamp() - hours * 3600
    os.utime(path, (moment, moment))


def files(spool: Path) -> list[Path]:
    return [path for path in spool.rglob("*") if path.is_file()]


def test_a_clip_is_kept_byte_for_byte_with_its_digest(spool: Path) -> None:
    clip = spool_clip(iter([MP4[:100], MP4[100:]]), original_name="a/b/Aisle 7.mp4")

    assert path_of(clip.spool_name).read_bytes() == MP4
    assert (clip.size_bytes, clip.sha256) == (len(MP4), sha256(MP4).hexdigest())
    assert (clip.original_name, clip.container) == ("Aisle 7.mp4", "mov")
    assert path_of(clip.spool_name).stat().st_mode & 0o077 == 0 or spool.stat().st_mode & 0o077 == 0


def test_a_sender_that_breaks_off_leaves_nothing(spool: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield MP4
        raise ConnectionError

    with pytest.raises(ConnectionError):
        spool_clip(broken(), original_name="a.mp4")
    assert files(spool) == []


def test_a_clip_over_the_limit_is_refused_and_not_kept(spool: Path, settings: Settings) -> None:
    settings.CLIP_MAX_BYTES = 1000
    clip = spool_clip(iter([MP4]), original_name="a.mp4")
    assert clip.refused_code == "too_large"
    assert files(spool) == []


def test_why_a_clip_is_refused_is_kept_in_english(spool: Path) -> None:
    with translation.override("es"):
        clip = spool_clip(iter([]), original_name="a.mp4")
    assert clip.refused_reason == "The clip is empty (0 bytes). Send the file again."


def test_a_disk_without_room_is_said_before_a_byte_is_written(
    spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("usage", (), {"free": 1000})
    monkeypatch.setattr(spool_module.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(UnableToSpool, match="full"):
        spool_module.require_room(10)


def test_a_folder_that_cannot_be_written_is_said(spool: Path, settings: Settings) -> None:
    settings.CLIP_SPOOL = spool.parent / "file"
    settings.CLIP_SPOOL.write_bytes(b"")
    with pytest.raises((UnableToSpool, OSError)):
        spool_clip(iter([MP4]), original_name="a.mp4")


@pytest.mark.parametrize("name", ["", "../x.clip", "a.clip", "x/y.clip", "incoming"])
def test_only_names_of_our_own_are_opened(spool: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        path_of(name)


def test_discarding_twice_is_discarding(spool: Path) -> None:
    clip = spool_clip(iter([MP4]), original_name="a.mp4")
    for _ in range(2):
        discard(clip.spool_name)
    discard("")
    assert files(spool) == []


def test_old_orphans_go_young_ones_and_referenced_ones_stay(spool: Path) -> None:
    orphan, young, used = (spool_clip(iter([MP4]), original_name="a.mp4") for _ in range(3))
    part = spool_module.temporary_folder() / "x.part"
    part.write_bytes(b"half")
    for path in (path_of(orphan.spool_name), path_of(used.spool_name), part):
        age(path, hours=2)

    assert sweep(referenced={used.spool_name}, now=timezone.now()) == 2
    assert {path.name for path in files(spool)} == {young.spool_name, used.spool_name}


@pytest.mark.django_db
def test_the_sweep_keeps_what_an_alert_still_needs(
    world: World, detector: Detector, spool: Path
) -> None:
    detector.send_with_clip(stated(world.camera.slug), MP4)
    orphan = spool_clip(iter([MP4]), original_name="a.mp4")
    for path in files(spool):
        age(path, hours=2)

    assert sweep_spool() == 1
    assert not path_of(orphan.spool_name).exists()
    assert path_of(Clip.objects.get().spool_name).exists()


def test_the_age_of_an_orphan_is_longer_than_any_request() -> None:
    assert timedelta(minutes=30) < spool_module.ORPHAN_AGE
