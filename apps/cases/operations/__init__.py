"""What people and runs do with cases."""

from apps.cases.operations.moving import UnableToMoveCase, move_case
from apps.cases.operations.opening import UnableToOpenCase, open_case, seal_exhibits

__all__ = [
    "UnableToMoveCase",
    "UnableToOpenCase",
    "move_case",
    "open_case",
    "seal_exhibits",
]
