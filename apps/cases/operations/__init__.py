"""What people and runs do with cases."""

from apps.cases.operations.changing import UnableToChangeCase
from apps.cases.operations.connecting import (
    add_person,
    end_connection,
    forget_person,
    link_alert,
    link_cases,
)
from apps.cases.operations.merging import merge_cases, split_case, undo_merge
from apps.cases.operations.moving import UnableToMoveCase, move_case
from apps.cases.operations.opening import UnableToOpenCase, open_case, seal_exhibits
from apps.cases.operations.working import (
    add_note,
    add_task,
    assign_case,
    edit_note,
    plan_task,
    set_offence,
    set_task_done,
)

__all__ = [
    "UnableToChangeCase",
    "UnableToMoveCase",
    "UnableToOpenCase",
    "add_note",
    "add_person",
    "add_task",
    "assign_case",
    "edit_note",
    "end_connection",
    "forget_person",
    "link_alert",
    "link_cases",
    "merge_cases",
    "move_case",
    "open_case",
    "plan_task",
    "seal_exhibits",
    "set_offence",
    "set_task_done",
    "split_case",
    "undo_merge",
]
