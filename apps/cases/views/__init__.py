"""Cases on screen."""

from apps.cases.views.cases import case, cases, move

__all__ = ["case", "cases", "move"]
