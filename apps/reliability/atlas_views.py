"""The three ways to look at the atlas, in the order of the switch above it."""

from typing import Final

ATLAS_PAGES: Final = (
    ("reliability-heat", "layout-grid", "Heat table"),
    ("reliability-plan", "map-pin", "On the plan"),
    ("reliability-atlas", "list-checks", "List"),
)
