"""Cases on screen."""

from apps.cases.views.acting import approvals, view_of
from apps.cases.views.board import board
from apps.cases.views.cases import case, cases
from apps.cases.views.moving import move
from apps.cases.views.parts import exhibits, related, timeline

__all__ = [
    "approvals",
    "board",
    "case",
    "cases",
    "exhibits",
    "move",
    "related",
    "timeline",
    "view_of",
]
