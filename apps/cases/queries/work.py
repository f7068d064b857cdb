"""What is still to be done in cases: how much, what is due first, and with whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from apps.cases.models import Case, CaseTask


@dataclass(frozen=True, kw_only=True)
class OpenWork:
    """The open tasks of one case; `first` is the one due first, of those without an end the oldest."""

    first: CaseTask
    count: int
    overdue: int


def open_work(cases: Iterable[Case], *, now: datetime) -> dict[UUID, OpenWork]:
    """The open work of each case that has any: one query for all of them."""
    rows = CaseTask.objects.filter(case__in=list(cases), done_at=None)
    found: dict[UUID, list[CaseTask]] = {}
    for task in rows.order_by(F("due_at").asc(nulls_last=True), "made_at", "id"):
        found.setdefault(task.case_id, []).append(task)
    return {
        case_id: OpenWork(
            first=tasks[0],
            count=len(tasks),
            overdue=sum(is_overdue(task, now=now) for task in tasks),
        )
        for case_id, tasks in found.items()
    }


def is_overdue(task: CaseTask, *, now: datetime) -> bool:
    """Whether the task is open after the moment it was due."""
    return task.done_at is None and task.due_at is not None and task.due_at < now


def with_somebody(person_id: UUID) -> Q:
    """Cases that are the person's, or have an open task of theirs."""
    tasks = CaseTask.objects.filter(assignee=person_id, done_at=None)
    return Q(assignee=person_id) | Q(id__in=tasks.values("case_id"))
