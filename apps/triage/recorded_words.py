"""Sentences that records keep in English, as a reader of another language is shown them.

A record never changes with its reader, so its sentences are looked up when they are shown: whole, or as "what: names" with
each part on its own. What the catalogue does not know stays as it was recorded.
"""

from typing import Final

from apps.triage.wording import gettext, gettext_noop

BEGINNINGS: Final = (
    gettext_noop("What is usual at this place is not known yet, so it cannot be told"),
    gettext_noop("Not measurable in this footage"),
    gettext_noop("Not observed"),
    gettext_noop("Observed on its own"),
    gettext_noop("Better than chance"),
    gettext_noop("Not better than chance, so it cannot weigh"),
    gettext_noop("its source gives no figures for its validity"),
    gettext_noop("No shelf or high-value zone is drawn on this camera."),
    gettext_noop("No aisle, shelf or high-value zone is drawn on this camera."),
    gettext_noop("No checkout, kiosk or queue zone is drawn on this camera."),
)
"""Of sentences that are composed where a record is written: what stands before the names or figures, or all of it."""


def recorded(text: str) -> str:
    """`text` of a record in the reader's language; in English exactly as recorded."""
    if not text or (whole := gettext(text)) != text:
        return whole if text else ""
    return ". ".join(map(_part, text.split(". ")))


def _part(text: str) -> str:
    what, colon, names = text.partition(": ")
    if not colon:
        return gettext(text)
    return f"{gettext(what)}: {', '.join(map(gettext, names.split(', ')))}"
