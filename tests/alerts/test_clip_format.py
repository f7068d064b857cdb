"""What a clip is, judged from its first bytes, without any library."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.clip_format import (
    ClipContainer,
    ClipRefusal,
    ClipRefused,
    check_clip_head,
    container_of,
)


def refusal_of(head: bytes, *, size_bytes: int | None = None) -> ClipRefused:
    with pytest.raises(ClipRefused) as caught:
        check_clip_head(head, size_bytes=len(head) if size_bytes is None else size_bytes)
    return caught.value


@pytest.mark.parametrize(
    ("head", "container"),
    [
        (b"\x00\x00\x00\x20ftypisom", ClipContainer.MP4),
        (b"\x00\x00\x00\x08wide\x00\x00", ClipContainer.MP4),
        (b"\x1a\x45\xdf\xa3\x01\x00\x00", ClipContainer.MATROSKA),
        (b"RIFF\x00\x00\x00\x00AVI LIST", ClipContainer.AVI),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", ClipContainer.MJPEG),
        ((b"\x47" + b"\x00" * 187) * 3, ClipContainer.MPEGTS),
        ((b"\x00\x00\x00\x00\x47" + b"\x00" * 187) * 3, ClipContainer.MPEGTS),
    ],
)
def test_accepted_containers_are_known_by_their_first_bytes(
    head: bytes, container: ClipContainer
) -> None:
    assert check_clip_head(head, size_bytes=10_000) is container


@pytest.mark.parametrize(
    ("head", "code", "word"),
    [
        (b"hello, I am a text file", ClipRefusal.NOT_A_VIDEO, "text file"),
        ("Grüße ".encode() * 40, ClipRefusal.NOT_A_VIDEO, "text file"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", ClipRefusal.NOT_A_VIDEO, "another kind"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", ClipRefusal.NOT_A_VIDEO, "not a video"),
        (b"#EXTM3U\n#EXTINF", ClipRefusal.FORMAT_NOT_ALLOWED, "playlist"),
        (b"\xef\xbb\xbf  #EXTM3U\n", ClipRefusal.FORMAT_NOT_ALLOWED, "playlist"),
        (b"ffconcat version 1.0", ClipRefusal.FORMAT_NOT_ALLOWED, "playlist"),
        (b"FLV\x01\x05\x00", ClipRefusal.FORMAT_NOT_ALLOWED, "Flash"),
        (b"\x30\x26\xb2\x75\x8e\x66", ClipRefusal.FORMAT_NOT_ALLOWED, "Windows Media"),
    ],
)
def test_what_is_not_taken_is_called_by_its_name(head: bytes, code: ClipRefusal, word: str) -> None:
    refusal = refusal_of(head)
    assert refusal.code is code
    assert word in refusal.sentence


def test_an_empty_clip_and_one_that_is_too_large_are_refused() -> None:
    assert refusal_of(b"").code is ClipRefusal.EMPTY
    assert refusal_of(b"\x00\x00\x00\x20ftyp", size_bytes=2**40).code is ClipRefusal.TOO_LARGE


def outcome_of(head: bytes) -> ClipContainer | ClipRefused:
    try:
        return check_clip_head(head, size_bytes=len(head))
    except ClipRefused as refusal:
        return refusal


@given(st.binary(max_size=600))
def test_any_bytes_are_accepted_or_refused_with_a_sentence(head: bytes) -> None:
    outcome = outcome_of(head)
    if isinstance(outcome, ClipRefused):
        assert outcome.sentence.endswith(".")
        assert container_of(head) is None
    else:
        assert outcome is container_of(head)


def test_looking_at_first_bytes_loads_no_inference_library() -> None:
    program = (
        "import sys, apps.alerts.clip_format;"
        "print([m for m in ('av', 'onnxruntime', 'numpy', 'django') if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        text=True,
    )
    assert found.stdout.strip() == "[]"
