"""The three ways to look at the atlas, in the order of the switch above it."""

from typing import Final

from django.utils.translation import gettext_noop

ATLAS_PAGES: Final = (
    ("reliability-heat", "layout-grid", gettext_noop("Heat table")),
    ("reliability-plan", "map-pin", gettext_noop("On the plan")),
    ("reliability-atlas", "list-checks", gettext_noop("List")),
)
