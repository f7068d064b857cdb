"""What a detector sends, read into values that cannot be wrong. Pure: bytes in, dataclasses out.

Every fault is named with its place (`signals[2].value`), all of them at once. Numbers and limits
stand at the top, so that the documentation and the tests read the same ones.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar
from uuid import UUID

from apps.alerts.strict_json import Json, NotStrictJson, path_to, read_json, unsafe_character
from apps.triage import signals as triage_signals

LONGEST_CAMERA = 64
LONGEST_DETECTOR_ID = 120
LONGEST_DETECTOR_VERSION = 60
LONGEST_LABEL = 80
LONGEST_NAME = 200
LONGEST_NOTE = 4000
LARGEST_GRID = 64
LONGEST_RECORDING_SECONDS = 4 * 3600.0
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
PERSON = "person"
"""The detector of an alert that somebody raised by hand, until our own has scored its clip."""
CLOCK_SKEW = timedelta(seconds=300)

T = TypeVar("T")

_KEY = re.compile(r"[A-Za-z0-9_:-]{1,200}")
_CAMERA = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DETECTOR_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]*")
_SIGNAL_FIELDS = {
    *("name", "value", "confidence", "start_seconds", "end_seconds"),
    *("track", "validity"),
}


class ClipDelivery(StrEnum):
    """How the footage comes: with the alert, by presigned upload, in a later request, or never."""

    MULTIPART = "multipart"
    UPLOAD = "upload"
    FOLLOWS = "follows"
    NONE = "none"


CUT_FROM_RECORDING: Final = "recording"
"""A clip's delivery when nobody sends one, because a recording of the camera has the time of the alert."""

SECONDS_BEFORE: Final = 30.0
SECONDS_AFTER: Final = 10.0


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a request: where (a path, "" for the whole), and what."""

    path: str
    message: str


class NotAnAlert(ValueError):
    """The request cannot be read as an alert; `faults` names every reason."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(
            "; ".join(f"{f.path}: {f.message}" if f.path else f.message for f in faults)
        )
        self.faults = tuple(faults)


@dataclass(frozen=True, kw_only=True)
class AlertIntake:
    """An alert as it was stated, before we know whether its camera exists.

    `key` is unique per source (or per tenant, when a person raised it); the same key with the same
    `digest` (64 hex digits, of everything stated) is the same alert, with another one a conflict.
    `camera` is a camera's slug or id. `score` is 0..1 or None. `camera_at` is the camera's clock.
    """

    key: str
    digest: str
    camera: str
    label: str
    camera_at: datetime
    source_id: UUID | None = None
    detector_id: str = PERSON
    detector_version: str = "1"
    score: float | None = None
    signals: tuple[Mapping[str, Json], ...] = ()
    saliency_grid: tuple[tuple[float, ...], ...] | None = None
    note: str = ""
    delivery: ClipDelivery = ClipDelivery.NONE
    clip_name: str = ""

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise ValueError("a key has 1 to 200 letters, digits or _:-")
        if len(self.digest) != 64:
            raise ValueError("a digest has 64 hexadecimal digits")
        if self.camera_at.tzinfo is None:
            raise ValueError("the camera's time needs its time zone")
        if self.score is not None and not 0 <= self.score <= 1:
            raise ValueError("a score is between 0 and 1")
        for text, longest in ((self.label, LONGEST_LABEL), (self.note, LONGEST_NOTE)):
            if len(text) > longest or unsafe_character(text):
                raise ValueError(
                    f"text of at most {longest} characters, without control characters"
                )

    def skewed(self, *, received_at: datetime) -> bool:
        """Whether the camera's clock and ours are further apart than delivery explains."""
        return abs(received_at - self.camera_at) > CLOCK_SKEW


def delivery_digest(stated: bytes, *, clip_sha256: str = "") -> str:
    """SHA-256 that identifies a delivery: the stated JSON bytes and, if sent along, the clip.

    The multipart boundary is left out on purpose: a sender's library draws a new one for each
    retry, and a retry is the same delivery.
    """
    digest = hashlib.sha256(stated).hexdigest()
    if not clip_sha256:
        return digest
    return hashlib.sha256(f"{digest}.{clip_sha256}".encode()).hexdigest()


def read_alert(
    raw: bytes, *, key: str, source_id: UUID, clip_sha256: str = "", clip_name: str = ""
) -> AlertIntake:
    """Read a detector's JSON. `clip_sha256` is that of a clip sent along (multipart), or "".

    Raises NotAnAlert.
    """
    reader = _Reader(_document(raw))
    camera = reader.text("camera", longest=LONGEST_CAMERA, pattern=_CAMERA)
    detector = reader.object("detector")
    fields = {
        "camera": camera,
        "detector_id": detector.text("id", longest=LONGEST_DETECTOR_ID, pattern=_DETECTOR_WORD),
        "detector_version": detector.text(
            "version", longest=LONGEST_DETECTOR_VERSION, pattern=_DETECTOR_WORD
        ),
        "label": reader.text("label", longest=LONGEST_LABEL, one_line=True),
        "score": reader.share("score"),
        "camera_at": reader.time("camera_at"),
        "signals": reader.signals("signals"),
        "saliency_grid": reader.grid("saliency_grid"),
    }
    delivery, announced = reader.delivery("clip", sent_along=bool(clip_sha256))
    detector.nothing_else()
    reader.nothing_else()
    if reader.faults:
        raise NotAnAlert(reader.faults)
    return AlertIntake(
        key=key,
        source_id=source_id,
        digest=delivery_digest(raw, clip_sha256=clip_sha256),
        delivery=delivery,
        clip_name=clip_name or announced,
        **fields,  # type: ignore[arg-type]  # each was read by the reader of its own type
    )


@dataclass(frozen=True, kw_only=True)
class StatedRecording:
    """What is said of a recording: its camera (slug or id), its first picture by the camera's clock, its length."""

    camera: str
    starts_at: datetime
    seconds: float


def read_recording(raw: bytes) -> StatedRecording:
    """Read what came with a recording's file. Raises NotAnAlert, which names every fault."""
    reader = _Reader(_document(raw))
    stated = StatedRecording(
        camera=reader.text("camera", longest=LONGEST_CAMERA, pattern=_CAMERA),
        starts_at=reader.time("starts_at"),
        seconds=reader.seconds("seconds", most=LONGEST_RECORDING_SECONDS),
    )
    reader.nothing_else()
    if reader.faults:
        raise NotAnAlert(reader.faults)
    return stated


def read_clip_notice(raw: bytes, *, with_clip: bool) -> UUID:
    """The alert a later clip belongs to: a bare id beside a clip, else {"alert": id, "uploaded": true}.

    Raises NotAnAlert.
    """
    if with_clip:
        return _id(raw.decode("ascii", "replace").strip())
    reader = _Reader(_document(raw))
    alert_id = reader.text("alert", longest=36)
    reader.only_true("uploaded")
    reader.nothing_else()
    if reader.faults:
        raise NotAnAlert(reader.faults)
    return _id(alert_id)


def raised_by_person(
    *,
    key: str,
    camera: str,
    label: str,
    camera_at: datetime,
    camera_at_is_now: bool = False,
    note: str = "",
    score: float | None = None,
    signals: Json = None,
    clip_sha256: str = "",
    clip_name: str = "",
) -> AlertIntake:
    """The intake of the upload form and of `manage.py raise_alert`. Raises NotAnAlert.

    `key` makes a second press of the button the same alert: put it into the form when it is shown.
    With `camera_at_is_now` nobody stated a time, so another press a second later states the same.
    """
    reader = _Reader({"label": label, "note": note, "score": score, "signals": signals})
    fields = {
        "label": reader.text("label", longest=LONGEST_LABEL, one_line=True),
        "note": reader.text("note", longest=LONGEST_NOTE, may_be_empty=True),
        "score": reader.share("score"),
        "signals": reader.signals("signals"),
    }
    if reader.faults:
        raise NotAnAlert(reader.faults)
    moment = "now" if camera_at_is_now else camera_at.astimezone(UTC).isoformat()
    stated = json.dumps([camera, label, moment, score, signals, note])
    return AlertIntake(
        key=key,
        digest=delivery_digest(stated.encode(), clip_sha256=clip_sha256),
        camera=camera,
        camera_at=camera_at,
        delivery=ClipDelivery.MULTIPART if clip_sha256 else ClipDelivery.NONE,
        clip_name=clip_name,
        **fields,  # type: ignore[arg-type]
    )


def plain_name(name: str) -> str:
    """A file name for the record: no folders, no control characters, at most 200 characters."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(c for c in last if not unsafe_character(c))[:LONGEST_NAME].strip()


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotAnAlert([Fault("alert", "must be the alert's id")]) from error


def _document(raw: bytes) -> dict[str, Json]:
    try:
        value = read_json(raw)
    except NotStrictJson as error:
        raise NotAnAlert([Fault(error.path, str(error))]) from error
    if not isinstance(value, dict):
        raise NotAnAlert([Fault("", "the body must be a JSON object")])
    return value


class _Reader:
    """Takes fields out of one object; collects what is wrong instead of stopping at the first."""

    def __init__(
        self, document: Mapping[str, Json], path: str = "", faults: list[Fault] | None = None
    ) -> None:
        self._document = document
        self._path = path
        self._read: set[str] = set()
        self.faults = [] if faults is None else faults

    def text(
        self,
        key: str,
        *,
        longest: int,
        pattern: re.Pattern[str] | None = None,
        one_line: bool = False,
        may_be_empty: bool = False,
    ) -> str:
        value = self._take(key)
        if not isinstance(value, str):
            return self._fault(key, "is missing" if value is None else "must be text", "")
        if not value.strip() and not may_be_empty:
            return self._fault(key, "must not be empty", "")
        if len(value) > longest:
            return self._fault(key, f"has {len(value)} characters, at most {longest} are taken", "")
        if unsafe := unsafe_character(value):
            return self._fault(key, f"holds {unsafe}", "")
        if one_line and len(value.splitlines()) > 1:
            return self._fault(key, "must be one line", "")
        if pattern and not pattern.fullmatch(value):
            return self._fault(key, f"must match {pattern.pattern}", "")
        return value

    def share(self, key: str) -> float | None:
        """A number in 0..1, or None when it is null or left out."""
        value = self._take(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self._fault(key, "must be a number between 0 and 1, or null", None)
        if not 0 <= value <= 1:
            return self._fault(key, f"is {value:g}, but must be between 0 and 1", None)
        return float(value)

    def seconds(self, key: str, *, most: float) -> float:
        """A positive number of seconds."""
        value = self._take(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self._fault(key, "must be a number of seconds", 0.0)
        if not 0 < value <= most:
            return self._fault(key, f"is {value:g}, but must be above 0 and at most {most:g}", 0.0)
        return float(value)

    def only_true(self, key: str) -> None:
        if self._take(key) is not True:
            self._fault(key, "must be true", None)

    def time(self, key: str) -> datetime:
        """A time with its offset from UTC."""
        value = self._take(key)
        if not isinstance(value, str):
            said = "is missing" if value is None else "must be text such as 2026-03-01T12:00:00Z"
            return self._fault(key, said, EARLIEST)
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return self._fault(key, "must be a time such as 2026-03-01T12:00:00.250Z", EARLIEST)
        if moment.tzinfo is None:
            return self._fault(key, "needs its offset from UTC (Z or +01:00)", EARLIEST)
        if not EARLIEST <= moment < LATEST:
            return self._fault(key, "lies outside the years 2000 to 2099", EARLIEST)
        return moment.astimezone(UTC)

    def signals(self, key: str) -> tuple[Mapping[str, Json], ...]:
        """Named signals, as a list of objects; an object of name → number is turned into one."""
        value = self._take(key)
        if isinstance(value, Mapping):
            value = [{"name": name, "value": number} for name, number in value.items()]
        try:
            triage_signals.read_signals(
                value, origin=triage_signals.Origin.DETECTOR, source="intake"
            )
        except triage_signals.UnableToReadSignals as error:
            return self._fault(key, str(error), ())
        entries = [entry for entry in value or [] if isinstance(entry, Mapping)]  # type: ignore[union-attr]
        for at, entry in enumerate(entries):
            for name in sorted(set(entry) - _SIGNAL_FIELDS):
                self._fault(path_to(path_to(key, at), name), "is not a field we know", None)
        return tuple(entries)

    def grid(self, key: str) -> tuple[tuple[float, ...], ...] | None:
        """Rows of equal length, values 0..1, at most 64 × 64; row 0 is the top of the picture."""
        value = self._take(key)
        if value is None:
            return None
        if not isinstance(value, list) or not 1 <= len(value) <= LARGEST_GRID:
            return self._fault(key, f"must be a list of 1 to {LARGEST_GRID} rows", None)
        widths = {len(row) if isinstance(row, list) else 0 for row in value}
        if len(widths) != 1 or not 1 <= max(widths) <= LARGEST_GRID:
            return self._fault(key, f"needs rows of one length between 1 and {LARGEST_GRID}", None)
        for y, row in enumerate(value):
            for x, cell in enumerate(row if isinstance(row, list) else ()):
                if (
                    isinstance(cell, bool)
                    or not isinstance(cell, int | float)
                    or not 0 <= cell <= 1
                ):
                    place = path_to(path_to(key, y), x)
                    return self._fault(place, "must be a number between 0 and 1", None)
        return tuple(tuple(float(cell) for cell in row) for row in value)  # type: ignore[union-attr,arg-type]

    def delivery(self, key: str, *, sent_along: bool) -> tuple[ClipDelivery, str]:
        """How the clip comes, and its announced name."""
        if self._document.get(key) is None:
            self._take(key)
            return (ClipDelivery.MULTIPART if sent_along else ClipDelivery.NONE), ""
        clip = self.object(key)
        name = ""
        if "name" in clip._document:
            name = plain_name(clip.text("name", longest=LONGEST_NAME, one_line=True))
        if sent_along:
            if clip._take("delivery") not in (None, ClipDelivery.MULTIPART):
                self._fault(
                    f"{key}.delivery", "the clip came with this request: leave it out", None
                )
            clip.nothing_else()
            return ClipDelivery.MULTIPART, name
        wanted = clip._take("delivery")
        clip.nothing_else()
        if wanted not in (ClipDelivery.UPLOAD, ClipDelivery.FOLLOWS):
            return self._fault(
                f"{key}.delivery", "must be upload or follows", (ClipDelivery.NONE, name)
            )
        return ClipDelivery(str(wanted)), name

    def object(self, key: str) -> "_Reader":
        value = self._take(key)
        inner = value if isinstance(value, Mapping) else {}
        if not isinstance(value, Mapping):
            self._fault(key, "is missing" if value is None else "must be an object", None)
        return _Reader(inner, path_to(self._path, key), self.faults)

    def nothing_else(self) -> None:
        """Name every field nobody asked for: a misspelt one must not be lost in silence."""
        for key in sorted(set(self._document) - self._read):
            self._fault(key, "is not a field we know", None)

    def _take(self, key: str) -> Json:
        self._read.add(key)
        return self._document.get(key)

    def _fault(self, key: str, message: str, instead: T) -> T:
        path = f"{self._path}.{key}" if self._path else key
        self.faults.append(Fault(path, message))
        return instead
