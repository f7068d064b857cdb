"""What moved an alert's score, as it stands: worked out, still to come, or not to be had, and why."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext_noop

from apps.alerts.models import Alert
from apps.alerts.queries import clip_of
from apps.storage.errors import StorageError
from apps.storage.store import media_store
from apps.triage.decoding import UnableToDecode, decode
from apps.triage.saliency import Saliency
from apps.triage.states import ClipState

PATIENCE: Final = timedelta(hours=24)
"""After so long nothing is on its way any more: such an alert is from before maps were made."""

NO_CLIP: Final = gettext_noop("There is no footage to look at.")
NOT_ANALYSED: Final = gettext_noop("The clip has not been analysed.")
NOT_MADE: Final = gettext_noop("It was not worked out for this alert.")
COMING: Final = gettext_noop("It is being worked out; nothing waits for it.")
BLIND: Final = gettext_noop("It is shown after the alert has been judged.")


class SaliencyState(StrEnum):
    READY = "ready"
    PENDING = "pending"
    ABSENT = "absent"
    WITHHELD = "withheld"


@dataclass(frozen=True, kw_only=True)
class SaliencyStanding:
    """Where it stands; `why` unless it is ready, in a sentence."""

    state: SaliencyState
    why: str = ""

    def __post_init__(self) -> None:
        if (self.state is SaliencyState.READY) == bool(self.why):
            raise ValueError("what cannot be shown says why")


class UnableToReadSaliency(Exception):
    """What is stored could not be read, now or at all; `str()` is a sentence for people."""


def saliency_standing(alert: Alert, *, now: datetime) -> SaliencyStanding:
    """Whether there is a map to show. None is shown while a person has to judge blind."""
    clip = clip_of(alert)
    if alert.hides_proposal:
        return SaliencyStanding(state=SaliencyState.WITHHELD, why=BLIND)
    if clip is not None and clip.saliency_key:
        return SaliencyStanding(state=SaliencyState.READY)
    absence = _absence(alert, now=now)
    if absence:
        return SaliencyStanding(state=SaliencyState.ABSENT, why=absence)
    return SaliencyStanding(state=SaliencyState.PENDING, why=COMING)


def read_saliency(alert: Alert) -> Saliency:
    """The stored record. Raises UnableToReadSaliency."""
    clip = clip_of(alert)
    if clip is None or not clip.saliency_key:
        raise UnableToReadSaliency(NOT_MADE)
    try:
        with media_store().get_stream(key=clip.saliency_key) as stream:
            return decode(Saliency, json.loads(stream.read()))
    except StorageError as error:
        raise UnableToReadSaliency(
            gettext_noop("The object store did not answer; try again later.")
        ) from error
    except (UnableToDecode, ValueError) as error:
        raise UnableToReadSaliency(
            gettext_noop("The stored map cannot be read; it is not shown.")
        ) from error


def _absence(alert: Alert, *, now: datetime) -> str:
    """Why nothing will come; "" while it may."""
    clip = clip_of(alert)
    if clip is None or clip.state in (ClipState.REFUSED, ClipState.MISSING):
        return NO_CLIP
    if clip.saliency_note:
        return clip.saliency_note
    if now - alert.received_at > PATIENCE:
        return NOT_MADE if clip.analysis_key else NOT_ANALYSED
    return ""
