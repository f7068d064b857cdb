"""What moved the score, in the dossier's words: shares of regions, and how far each map is to be trusted."""

from datetime import datetime

from apps.alerts.models import Alert
from apps.alerts.saliency import (
    SaliencyState,
    UnableToReadSaliency,
    read_saliency,
    saliency_standing,
)
from apps.triage.saliency_words import MapLines, saliency_lines


def what_moved_the_score(alert: Alert, *, now: datetime) -> list[str]:
    """Sentences for the record; why there are none, where there are none."""
    standing = saliency_standing(alert, now=now)
    if standing.state is not SaliencyState.READY:
        return [f"What moved the score is not known: {standing.why}"]
    try:
        lines = saliency_lines(read_saliency(alert))
    except UnableToReadSaliency as error:
        return [f"What moved the score is not known: {error}"]
    maps = [_sentence(one) for one in lines.maps]
    return [
        " ".join(f"What moved the score: {lines.span} {lines.whose}".split()),
        *maps,
        *lines.absent,
    ]


def _sentence(one: MapLines) -> str:
    shares = ", ".join(f"{bar.words.lower()} {bar.text}" for bar in one.bars) or "nothing raised it"
    gains = ", ".join(f"{row.words.lower()} {row.gain}" for row in one.curves)
    said = f"{one.title}: {shares}. {one.not_reliable} Gain of {gains}. {one.sanity} {one.how}"
    return " ".join(said.split())
