"""Cases on screen."""

from apps.cases.views.acting import approvals, view_of
from apps.cases.views.board import board
from apps.cases.views.cases import case, cases
from apps.cases.views.moving import move

__all__ = ["approvals", "board", "case", "cases", "move", "view_of"]
