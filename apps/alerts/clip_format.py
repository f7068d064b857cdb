"""What a clip must look like from outside, before any decoder opens it.

Standard library only, so that web processes can refuse at intake with the same words and the same
codes as the inference worker does later. Nothing here trusts a file name or a declared type.
"""

from collections.abc import Callable
from enum import StrEnum

from apps.triage.wording import gettext

HEAD_BYTES = 4096
"""How much of the file's beginning `check_clip_head` wants to see."""

MAX_CLIP_BYTES = 512 * 2**20

ACCEPTED_FORMATS = "MP4, MOV, MKV, WebM, AVI, MPEG-TS or Motion JPEG"


class ClipContainer(StrEnum):
    """The container formats that may be opened; the value is the demuxer's name."""

    MP4 = "mov"
    MATROSKA = "matroska"
    AVI = "avi"
    MPEGTS = "mpegts"
    MJPEG = "mjpeg"


class ClipRefusal(StrEnum):
    """Why a clip is not taken: one word for records and machines."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NOT_A_VIDEO = "not_a_video"
    FORMAT_NOT_ALLOWED = "format_not_allowed"
    TRUNCATED = "truncated"
    NO_VIDEO_STREAM = "no_video_stream"
    TOO_MANY_STREAMS = "too_many_streams"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY_FRAMES = "too_many_frames"
    TOO_LONG = "too_long"
    TOO_SLOW = "too_slow"
    UNDECODABLE = "undecodable"


class ClipRefused(Exception):
    """A clip that will not be analysed. `str()` is a sentence for the operator."""

    code: ClipRefusal

    def __init__(self, sentence: str, *, code: ClipRefusal | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        if code is not None:
            self.code = code


def container_of(head: bytes) -> ClipContainer | None:
    """The accepted container that these first bytes belong to, or None."""
    for container, matches in _SIGNATURES:
        if matches(head):
            return container
    return None


def check_clip_head(
    head: bytes, *, size_bytes: int, max_bytes: int = MAX_CLIP_BYTES
) -> ClipContainer:
    """The container of a clip, judged by its size and first `HEAD_BYTES` bytes.

    Raises ClipRefused (empty, too_large, format_not_allowed, not_a_video) with a sentence that
    says what to do. Passing is no promise that the clip decodes.
    """
    if size_bytes == 0 or not head:
        raise ClipRefused(
            gettext("The clip is empty (0 bytes). Send the file again."), code=ClipRefusal.EMPTY
        )
    if size_bytes > max_bytes:
        raise ClipRefused(
            gettext(
                "The clip has %(size)s MB and at most %(most)s MB are taken. Send a shorter clip."
            )
            % {
                "size": _megabytes(size_bytes),
                "most": _megabytes(max_bytes),
            },
            code=ClipRefusal.TOO_LARGE,
        )
    container = container_of(head)
    if container is None:
        raise _refusal_of_unknown(head)
    return container


def _is_mp4(head: bytes) -> bool:
    return head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}


def _is_matroska(head: bytes) -> bool:
    return head.startswith(b"\x1a\x45\xdf\xa3")


def _is_avi(head: bytes) -> bool:
    return head.startswith(b"RIFF") and head[8:12] == b"AVI "


def _is_mpegts(head: bytes) -> bool:
    """Sync bytes every 188 bytes, or every 192 with a time code before each packet."""
    return any(
        len(head) > first + 2 * step and all(head[first + k * step] == 0x47 for k in range(3))
        for first, step in ((0, 188), (4, 192))
    )


def _is_mjpeg(head: bytes) -> bool:
    return head.startswith(b"\xff\xd8\xff")


_SIGNATURES: tuple[tuple[ClipContainer, Callable[[bytes], bool]], ...] = (
    (ClipContainer.MP4, _is_mp4),
    (ClipContainer.MATROSKA, _is_matroska),
    (ClipContainer.AVI, _is_avi),
    (ClipContainer.MPEGTS, _is_mpegts),
    (ClipContainer.MJPEG, _is_mjpeg),
)

_PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"[playlist]", b"<?xml", b"<MPD", b"<smil")
_OTHER_VIDEO = {
    b"FLV": "Flash video",
    b"\x30\x26\xb2\x75": "Windows Media",
    b"\x00\x00\x01\xba": "an MPEG programme stream",
    b"\x00\x00\x01\xb3": "a bare MPEG stream",
    b"OggS": "Ogg",
}


def _refusal_of_unknown(head: bytes) -> ClipRefused:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(_PLAYLISTS):
        return ClipRefused(
            gettext(
                "This file is a playlist that points to other files; playlists are never followed. Send the clip "
                "itself as %(accepted_formats)s."
            )
            % {"accepted_formats": ACCEPTED_FORMATS},
            code=ClipRefusal.FORMAT_NOT_ALLOWED,
        )
    for magic, name in _OTHER_VIDEO.items():
        if head.startswith(magic):
            return ClipRefused(
                gettext("This file is %(name)s, which is not taken. Send %(accepted_formats)s.")
                % {"name": name, "accepted_formats": ACCEPTED_FORMATS},
                code=ClipRefusal.FORMAT_NOT_ALLOWED,
            )
    kind = gettext("a text file") if _is_text(head) else gettext("a file of another kind")
    return ClipRefused(
        gettext(
            "This is not a video but %(kind)s, whatever its name says. Send %(accepted_formats)s."
        )
        % {"kind": kind, "accepted_formats": ACCEPTED_FORMATS},
        code=ClipRefusal.NOT_A_VIDEO,
    )


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    try:
        head[:-3].decode("utf-8") if len(head) > 3 else head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 8
    return True


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.1f}"
