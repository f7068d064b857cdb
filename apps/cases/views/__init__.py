"""Cases on screen."""

from apps.cases.views.acting import approvals, view_of
from apps.cases.views.cases import board, case, cases, move

__all__ = ["approvals", "board", "case", "cases", "move", "view_of"]
