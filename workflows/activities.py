"""The activities workflows may ask for: name, queue, time-outs and retries in one table.

A retry policy here ends. What still fails then is noted on the alert, in words, and tried again later or when somebody
asks (`AlertTriageWorkflow`); so a failure is always visible and never final.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from temporalio import activity, workflow
from temporalio.common import Priority, RetryPolicy

from workflows.messages import (
    AcquireClip,
    AlertRef,
    Assess,
    CaseOpened,
    ClipFound,
    Decide,
    DecisionAnswer,
    NoteFootage,
    NoteStep,
    SealExhibits,
    Standing,
    TakeTaskStep,
)

Message = TypeVar("Message")
Answer = TypeVar("Answer")
Implementation = TypeVar("Implementation", bound=Callable[..., Any])


class TaskQueue(StrEnum):
    """Who does the work: orchestration with the database, the device, documents."""

    TRIAGE = "triage"
    INFERENCE = "inference"
    EXPLANATIONS = "explanations"
    EXPORTS = "exports"


@dataclass(frozen=True, kw_only=True)
class Declared(Generic[Message, Answer]):
    """An activity as workflows see it. `message` and `answer` fix the types at both ends."""

    name: str
    message: type[Message]
    answer: type[Answer]
    start_to_close: timedelta
    retries: RetryPolicy
    queue: TaskQueue = TaskQueue.TRIAGE
    heartbeat: timedelta | None = None
    priority: Priority = Priority.default

    def implemented_by(self, function: Implementation) -> Implementation:
        """Register `function` under this name. A thread inside a transaction is not interrupted by force."""
        return activity.defn(name=self.name, no_thread_cancel_exception=True)(function)

    def start(self, message: Message, *, summary: str = "") -> "workflow.ActivityHandle[Answer]":
        """Schedule it from a workflow."""
        return workflow.start_activity(
            self.name,
            message,
            result_type=self.answer,
            task_queue=self.queue.value,
            start_to_close_timeout=self.start_to_close,
            heartbeat_timeout=self.heartbeat,
            retry_policy=self.retries,
            priority=self.priority,
            summary=summary or None,
        )


# What no routing waits for stands behind what one does, where the server orders a queue by priority (1 first, 3 usual).
LAST: Final = Priority(priority_key=5)

# The database is a millisecond away: an outage shorter than half a minute is ridden out unseen.
DATABASE_RETRIES: Final = RetryPolicy(
    initial_interval=timedelta(milliseconds=500),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=10),
    maximum_attempts=8,
)

# The object store may be down for long; the workflow says "clip pending" and comes back itself.
STORE_RETRIES: Final = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=20),
    maximum_attempts=4,
)

# A clip that brings the process down would do so for ever: three times, then a person sees it without marks.
ANALYSIS_RETRIES: Final = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=15),
    maximum_attempts=3,
)

# Nobody waits for these, but the page says that they are not there: tried for a few minutes, then noted on the clip.
CLOSER_RETRIES: Final = RetryPolicy(
    initial_interval=timedelta(seconds=2),
    backoff_coefficient=4.0,
    maximum_interval=timedelta(minutes=2),
    maximum_attempts=5,
)

# Noting a failure is the one thing that has to work in the end, so it alone is tried without limit.
NOTE_RETRIES: Final = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=30),
)

# A confirmation is good for two minutes at most: after that there is nothing left to retry for.
DECISION_RETRIES: Final = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=5),
    maximum_attempts=30,
)

# Workers beat for every activity that declares this (`workers.interceptor`). Without a beat for so long the process is
# gone, and the work is given to another one at once, however long it was allowed to take.
SIGN_OF_LIFE: Final = timedelta(seconds=15)

ACQUIRE_CLIP: Final = Declared(
    name="acquire_clip",
    message=AcquireClip,
    answer=ClipFound,
    start_to_close=timedelta(minutes=10),
    heartbeat=SIGN_OF_LIFE,
    retries=STORE_RETRIES,
)

ANALYSE_CLIP: Final = Declared(
    name="analyse_clip",
    message=AlertRef,
    answer=ClipFound,
    queue=TaskQueue.INFERENCE,
    start_to_close=timedelta(minutes=20),
    heartbeat=SIGN_OF_LIFE,
    retries=ANALYSIS_RETRIES,
)

BLUR_CLIP: Final = Declared(
    name="blur_clip",
    message=AlertRef,
    answer=type(None),
    queue=TaskQueue.INFERENCE,
    start_to_close=timedelta(minutes=45),
    heartbeat=SIGN_OF_LIFE,
    retries=CLOSER_RETRIES,
    priority=LAST,
)

CUT_BEFORE: Final = Declared(
    name="cut_before",
    message=AlertRef,
    answer=type(None),
    queue=TaskQueue.INFERENCE,
    start_to_close=timedelta(minutes=30),
    heartbeat=SIGN_OF_LIFE,
    retries=CLOSER_RETRIES,
    priority=LAST,
)

# Bounded by the number of times a detector is asked (`workers.inference.saliency`), each within its own time limit.
# A minute of work on a CPU, and nobody waits for it: on a queue of its own, so that the next clip is not held up.
EXPLAIN_CLIP: Final = Declared(
    name="explain_clip",
    message=AlertRef,
    answer=type(None),
    queue=TaskQueue.EXPLANATIONS,
    start_to_close=timedelta(minutes=30),
    heartbeat=SIGN_OF_LIFE,
    retries=CLOSER_RETRIES,
    priority=LAST,
)

# Looks at a few moments of each person. Where no legal gate is filled it ends before it looks.
COMPARE_FACES: Final = Declared(
    name="compare_faces",
    message=AlertRef,
    answer=type(None),
    queue=TaskQueue.INFERENCE,
    start_to_close=timedelta(minutes=10),
    heartbeat=SIGN_OF_LIFE,
    retries=CLOSER_RETRIES,
)

NOTE_FOOTAGE: Final = Declared(
    name="note_footage",
    message=NoteFootage,
    answer=type(None),
    start_to_close=timedelta(seconds=20),
    retries=NOTE_RETRIES,
)

ASSESS_AND_ROUTE: Final = Declared(
    name="assess_and_route",
    message=Assess,
    answer=Standing,
    start_to_close=timedelta(seconds=60),
    heartbeat=SIGN_OF_LIFE,
    retries=DATABASE_RETRIES,
)

TAKE_TASK_STEP: Final = Declared(
    name="take_task_step",
    message=TakeTaskStep,
    answer=type(None),
    start_to_close=timedelta(seconds=30),
    heartbeat=SIGN_OF_LIFE,
    retries=DATABASE_RETRIES,
)

APPLY_DECISION: Final = Declared(
    name="apply_decision",
    message=Decide,
    answer=DecisionAnswer,
    start_to_close=timedelta(seconds=20),
    retries=DECISION_RETRIES,
)

NOTE_STEP: Final = Declared(
    name="note_step",
    message=NoteStep,
    answer=type(None),
    start_to_close=timedelta(seconds=20),
    retries=NOTE_RETRIES,
)

OPEN_CASE: Final = Declared(
    name="open_case",
    message=AlertRef,
    answer=CaseOpened,
    start_to_close=timedelta(seconds=30),
    heartbeat=SIGN_OF_LIFE,
    retries=DATABASE_RETRIES,
)

SEAL_EXHIBITS: Final = Declared(
    name="seal_exhibits",
    message=SealExhibits,
    answer=type(None),
    start_to_close=timedelta(minutes=10),
    heartbeat=SIGN_OF_LIFE,
    retries=STORE_RETRIES,
)

RENDER_DOSSIER: Final = Declared(
    name="render_dossier",
    message=AlertRef,
    answer=type(None),
    queue=TaskQueue.EXPORTS,
    start_to_close=timedelta(minutes=5),
    heartbeat=SIGN_OF_LIFE,
    retries=STORE_RETRIES,
)
