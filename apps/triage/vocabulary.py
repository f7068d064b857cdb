"""Words for labels and signals: observed acts, never intent. Unknown names are shown as sent."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from apps.triage.wording import gettext, gettext_noop

LABEL_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "item_to_bag": gettext_noop("Item to bag, not to basket"),
        "item_to_clothing": gettext_noop("Item moved from shelf to inside of clothing"),
        "checkout_skip": gettext_noop("Exit reached with an item, without passing a checkout"),
        "item_not_scanned": gettext_noop("Item past the scanner without a scan"),
    }
)

SIGNAL_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "item_taken": gettext_noop("item taken from the shelf"),
        "item_to_bag": gettext_noop("item moved into a bag"),
        "item_to_clothing": gettext_noop("item moved inside clothing"),
        "item_in_hand": gettext_noop("item carried in the hand"),
        "item_transfer": gettext_noop("item changing place"),
        "reach": gettext_noop("arm reaching out"),
        "reach_to_shelf": gettext_noop("hand into the shelf"),
        "reach_and_return": gettext_noop("hand back from a reach"),
        "hand_stays_at_torso": gettext_noop("hand stays at the body"),
        "hand_to_bag": gettext_noop("hand to a bag"),
        "hand_to_torso": gettext_noop("hand to the body"),
        "crouch": gettext_noop("body lowered"),
        "dwell_in_view": gettext_noop("time in view"),
        "dwell_at_shelf": gettext_noop("time at the goods"),
        "dwell_at_checkout": gettext_noop("time at a checkout"),
        "checkout_passed": gettext_noop("checkout passed"),
        "exit_reached": gettext_noop("exit reached"),
        "exit_without_checkout": gettext_noop("no checkout stop before exit"),
        "item_at_scanner": gettext_noop("item at the scanner"),
        "item_to_bagging_area": gettext_noop("item moved to the bagging area"),
        "scanner_covered": gettext_noop("scanner covered"),
    }
)


CONDITION_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "mon": gettext_noop("mon"),
        "tue": gettext_noop("tue"),
        "wed": gettext_noop("wed"),
        "thu": gettext_noop("thu"),
        "fri": gettext_noop("fri"),
        "sat": gettext_noop("sat"),
        "sun": gettext_noop("sun"),
        "night": gettext_noop("night"),
        "morning": gettext_noop("morning"),
        "afternoon": gettext_noop("afternoon"),
        "evening": gettext_noop("evening"),
        "entrance": gettext_noop("entrance"),
        "exit": gettext_noop("exit"),
        "aisle": gettext_noop("aisle"),
        "shelf": gettext_noop("shelf"),
        "high_value": gettext_noop("high value"),
        "self_checkout": gettext_noop("self checkout"),
        "kiosk": gettext_noop("kiosk"),
        "queue": gettext_noop("queue"),
        "goods_in": gettext_noop("goods in"),
        "staff_only": gettext_noop("staff only"),
        "bright": gettext_noop("bright"),
        "day": gettext_noop("day"),
        "dim": gettext_noop("dim"),
        "low": gettext_noop("low"),
        "dark": gettext_noop("dark"),
        "empty": gettext_noop("empty"),
        "sparse": gettext_noop("sparse"),
        "busy": gettext_noop("busy"),
        "crowded": gettext_noop("crowded"),
    }
)
"""Conditions of a segment whose code is not its word, or that are shown in other languages."""

IN_SECONDS = frozenset({"dwell_in_view", "dwell_at_shelf", "dwell_at_checkout"})
"""Signals whose value is a time."""


def label_words(label: str) -> str:
    """Return the act a detector's label names; an unknown label as sent, readable."""
    known = LABEL_WORDS.get(label)
    return gettext(known) if known else _readable(label) or gettext("Unnamed act")


def signal_words(name: str) -> str:
    """Return what a signal observes; an unknown name as sent, readable."""
    known = SIGNAL_WORDS.get(name)
    return gettext(known) if known else name.replace("_", " ")


def condition_words(code: str) -> str:
    """Return a zone kind, a light, a time or a crowding of a segment; an unknown code as sent, readable."""
    return gettext(CONDITION_WORDS.get(code, code.replace("_", " ")))


def listed(names: Sequence[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    if len(names) < 2:
        return "".join(names)
    return gettext("%(names)s and %(last)s") % {"names": ", ".join(names[:-1]), "last": names[-1]}


def _readable(label: str) -> str:
    text = label.replace("_", " ").strip()
    return text[:1].upper() + text[1:]
