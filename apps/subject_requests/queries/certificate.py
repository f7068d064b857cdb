"""A certificate of an erasure: what, when, and where the audit chain says so. It names nobody."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from apps.audit.models import Leaf
from apps.cases.models import CaseFile
from apps.subject_requests.models import Erasure, ErasureItem, RecipientNotice
from apps.subject_requests.queries.plan import WORDS


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing: `done_at` when it went; else `why` it has not yet, and `due_at` where a clock ends that."""

    words: str
    done_at: datetime | None
    why: str
    due_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """`chain_index` is None until the sequencer has placed the event."""

    executed_at: datetime | None
    completed_at: datetime | None
    event_id: str
    chain_index: int | None
    lines: tuple[Line, ...]
    recipients: tuple[tuple[RecipientNotice, CaseFile], ...]

    @property
    def left(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.done_at is None)


def certificate_of(erasure: Erasure) -> Certificate:
    leaf = Leaf.objects.filter(event_id=erasure.event_id).first() if erasure.event_id else None
    notices = list(erasure.notices.all())
    files = CaseFile.objects.in_bulk([notice.case_file_id for notice in notices])
    return Certificate(
        executed_at=erasure.executed_at,
        completed_at=erasure.completed_at,
        event_id=str(erasure.event_id or ""),
        chain_index=leaf.index if leaf else None,
        lines=tuple(_line(item) for item in erasure.items.all()),
        recipients=tuple((one, files[one.case_file_id]) for one in notices),
    )


def _line(item: ErasureItem) -> Line:
    waits = item.get_obstacle_display() if item.obstacle else gettext("waits for the next run")
    return Line(
        words=gettext(WORDS.get(item.kind, item.kind)),
        done_at=item.done_at,
        why="" if item.done_at else (gettext(item.last_error) if item.last_error else waits),
        due_at=item.due_at,
    )
