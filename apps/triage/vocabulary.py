"""Words for labels and signals: observed acts, never intent. Unknown names are shown as sent."""

from collections.abc import Mapping
from types import MappingProxyType

LABEL_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "item_to_bag": "Item to bag, not to basket",
        "item_to_clothing": "Item moved from shelf to inside of clothing",
        "checkout_skip": "Exit reached with an item, without passing a checkout",
        "item_not_scanned": "Item past the scanner without a scan",
    }
)

SIGNAL_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "item_taken": "item taken from the shelf",
        "item_to_bag": "item moved into a bag",
        "item_to_clothing": "item moved inside clothing",
        "item_in_hand": "item carried in the hand",
        "item_transfer": "item changing place",
        "reach": "arm reaching out",
        "reach_to_shelf": "hand into the shelf",
        "reach_and_return": "hand back from a reach",
        "hand_stays_at_torso": "hand stays at the body",
        "hand_to_bag": "hand to a bag",
        "hand_to_torso": "hand to the body",
        "crouch": "body lowered",
        "dwell_in_view": "time in view",
        "dwell_at_shelf": "time at the goods",
        "dwell_at_checkout": "time at a checkout",
        "checkout_passed": "checkout passed",
        "exit_reached": "exit reached",
        "exit_without_checkout": "no checkout stop before exit",
        "item_at_scanner": "item at the scanner",
        "item_to_bagging_area": "item moved to the bagging area",
        "scanner_covered": "scanner covered",
    }
)


IN_SECONDS = frozenset({"dwell_in_view", "dwell_at_shelf", "dwell_at_checkout"})
"""Signals whose value is a time."""


def label_words(label: str) -> str:
    """Return the act a detector's label names; an unknown label as sent, readable."""
    return LABEL_WORDS.get(label) or _readable(label) or "Unnamed act"


def signal_words(name: str) -> str:
    """Return what a signal observes; an unknown name as sent, readable."""
    return SIGNAL_WORDS.get(name) or name.replace("_", " ")


def _readable(label: str) -> str:
    text = label.replace("_", " ").strip()
    return text[:1].upper() + text[1:]
