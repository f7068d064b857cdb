"""A desk without a database: the activities' real names and messages, and a book of what was asked.

For stories that take months or need a step to fail; everything else runs on the real thing.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from temporalio.exceptions import ApplicationError

from apps.triage.states import AlertState
from workflows import activities as declared
from workflows.messages import (
    AcquireClip,
    AlertRef,
    Assess,
    CaseOpened,
    ClipFound,
    ClipStanding,
    Decide,
    DecisionAnswer,
    NoteFootage,
    NoteStep,
    SealExhibits,
    Standing,
    TakeTaskStep,
    TaskStep,
    TriageStart,
)


@dataclass
class Desk:
    """What the database would say, and in which order it was asked."""

    standing: Standing = field(default_factory=lambda: Standing(state=AlertState.ARCHIVED))
    clips: list[ClipStanding] = field(default_factory=list)
    answers: dict[str, DecisionAnswer] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    asked: list[tuple[str, Any]] = field(default_factory=list)

    def all_of(self, name: str) -> list[Any]:
        return [message for asked, message in self.asked if asked == name]

    def activities(self) -> list[Callable[..., Any]]:
        return [
            self.acquire,
            self.analyse,
            self.blur,
            self.compare,
            self.explain,
            self.cut_before,
            self.note_footage,
            self.assess,
            self.step,
            self.apply,
            self.note,
            self.open_case,
            self.seal,
            self.render,
        ]

    def _asked(self, name: str, message: Any) -> None:
        self.asked.append((name, message))
        if self.failures[name] > 0:
            self.failures[name] -= 1
            raise ApplicationError("down", type="StorageUnavailable", non_retryable=True)

    @declared.ACQUIRE_CLIP.implemented_by
    async def acquire(self, message: AcquireClip) -> ClipFound:
        self._asked("acquire_clip", message)
        if message.give_up and self.clips[0] is ClipStanding.ANNOUNCED:
            return ClipFound(standing=ClipStanding.MISSING)
        standing = self.clips.pop(0) if len(self.clips) > 1 else self.clips[0]
        return ClipFound(standing=standing)

    @declared.ANALYSE_CLIP.implemented_by
    async def analyse(self, message: AlertRef) -> ClipFound:
        self._asked("analyse_clip", message)
        return ClipFound(standing=ClipStanding.STORED, analysed=True)

    @declared.BLUR_CLIP.implemented_by
    async def blur(self, message: AlertRef) -> None:
        self._asked("blur_clip", message)

    @declared.COMPARE_FACES.implemented_by
    async def compare(self, message: AlertRef) -> None:
        self._asked("compare_faces", message)

    @declared.EXPLAIN_CLIP.implemented_by
    async def explain(self, message: AlertRef) -> None:
        self._asked("explain_clip", message)

    @declared.CUT_BEFORE.implemented_by
    async def cut_before(self, message: AlertRef) -> None:
        self._asked("cut_before", message)

    @declared.NOTE_FOOTAGE.implemented_by
    async def note_footage(self, message: NoteFootage) -> None:
        self._asked("note_footage", message)

    @declared.ASSESS_AND_ROUTE.implemented_by
    async def assess(self, message: Assess) -> Standing:
        self._asked("assess_and_route", message)
        return self.standing

    @declared.TAKE_TASK_STEP.implemented_by
    async def step(self, message: TakeTaskStep) -> None:
        self._asked("take_task_step", message)
        taken = {TaskStep.REMIND: "reminded", TaskStep.REASSIGN: "reassigned"}
        self.standing = replace(self.standing, **{taken.get(message.step, "escalated"): True})

    @declared.APPLY_DECISION.implemented_by
    async def apply(self, message: Decide) -> DecisionAnswer:
        self._asked("apply_decision", message)
        return self.answers.get(message.attempt_id, DecisionAnswer(code="unknown"))

    @declared.NOTE_STEP.implemented_by
    async def note(self, message: NoteStep) -> None:
        self._asked("note_step", message)

    @declared.OPEN_CASE.implemented_by
    async def open_case(self, message: AlertRef) -> CaseOpened:
        self._asked("open_case", message)
        return CaseOpened(case_id=str(uuid4()))

    @declared.SEAL_EXHIBITS.implemented_by
    async def seal(self, message: SealExhibits) -> None:
        self._asked("seal_exhibits", message)

    @declared.RENDER_DOSSIER.implemented_by
    async def render(self, message: AlertRef) -> None:
        self._asked("render_dossier", message)


def waiting(now: datetime, *, sla: timedelta = timedelta(minutes=15)) -> Standing:
    """An alert that waits for a person since `now`."""
    return Standing(
        state=AlertState.AWAITING_REVIEW,
        strategy="verify",
        task_id=str(uuid4()),
        opened_at=now,
        due_at=now + sla,
    )


def resolved(*, theft: bool) -> Standing:
    return Standing(state=AlertState.RESOLVED, theft_confirmed=theft)


def a_start(**changes: Any) -> TriageStart:
    start = TriageStart(
        tenant_id=str(uuid4()), alert_id=str(uuid4()), site_id=str(uuid4()), reference="A-TEST"
    )
    return replace(start, **changes)


def utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
