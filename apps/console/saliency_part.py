"""What moved the score, as the alert page shows it: a part that comes after the rest of the page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, gettext_noop

from apps.alerts.models import Alert
from apps.alerts.saliency import (
    SaliencyStanding,
    SaliencyState,
    UnableToReadSaliency,
    read_saliency,
    saliency_standing,
)
from apps.triage.decoding import encode
from apps.triage.saliency import Saliency
from apps.triage.saliency_words import SaliencyLines, saliency_lines

PENDING_WORDS = gettext_noop("Being worked out")
ABSENT_WORDS = gettext_noop("Not known")


@dataclass(frozen=True, kw_only=True)
class SaliencyPart:
    """`lines` are None unless the record could be read; `stated` is true where the detector sent a map of its own."""

    standing: SaliencyStanding
    verdict: str
    why: str
    lines: SaliencyLines | None
    starts_at: float | None
    stated: bool

    @property
    def is_pending(self) -> bool:
        return self.standing.state is SaliencyState.PENDING

    @property
    def has_layer(self) -> bool:
        """Whether the player has something to draw."""
        return self.lines is not None or self.stated


def saliency_part(*, alert: Alert, now: datetime) -> SaliencyPart:
    """Read what the page says of what moved the alert's score."""
    standing = saliency_standing(alert, now=now)
    found, why = _found(alert, standing)
    lines = saliency_lines(found) if found else None
    absent = PENDING_WORDS if standing.state is SaliencyState.PENDING else ABSENT_WORDS
    return SaliencyPart(
        standing=standing,
        verdict=lines.verdict if lines else gettext(absent),
        why=gettext(why) if why else "",
        lines=lines,
        starts_at=found.start_seconds if found else None,
        stated=bool(alert.saliency_grid) and standing.state is not SaliencyState.WITHHELD,
    )


def saliency_layer(*, alert: Alert, now: datetime) -> dict[str, Any]:
    """What the player draws: our record and the detector's own grid, each None where there is none."""
    standing = saliency_standing(alert, now=now)
    found, _ = _found(alert, standing)
    shown = standing.state is not SaliencyState.WITHHELD
    return {
        "record": encode(found) if found else None,
        "reliable": {
            "picture": bool(found and found.picture and found.picture.faithfulness.reliable),
            "joints": bool(found and found.joints and found.joints.faithfulness.reliable),
        },
        "stated_grid": alert.saliency_grid if shown else None,
    }


def _found(alert: Alert, standing: SaliencyStanding) -> tuple[Saliency | None, str]:
    if standing.state is not SaliencyState.READY:
        return None, standing.why
    try:
        return read_saliency(alert), ""
    except UnableToReadSaliency as error:
        return None, str(error)
