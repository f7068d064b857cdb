"""The triage of one alert, from its arrival to the end of what a person's decision sets in motion.

    acquire the clip → analyse it → assess and route → wait for a person → open, seal and document the case

The run holds no facts of its own: every activity reads where the alert stands in the database and is safe to repeat, so a
run that was terminated or forgotten is simply started again. A step that fails in spite of its retries is noted on the
alert and tried again, slowly or when `retry_step` asks. Nothing is ever approved because time has passed.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    is_cancelled_exception,
)
from temporalio.exceptions import (
    TimeoutError as ActivityTimeout,
)

with workflow.unsafe.imports_passed_through():
    from apps.triage.states import AlertState
    from workflows import visibility
    from workflows.activities import (
        ACQUIRE_CLIP,
        ANALYSE_CLIP,
        APPLY_DECISION,
        ASSESS_AND_ROUTE,
        BLUR_CLIP,
        COMPARE_FACES,
        CUT_BEFORE,
        EXPLAIN_CLIP,
        NOTE_FOOTAGE,
        NOTE_STEP,
        OPEN_CASE,
        RENDER_DOSSIER,
        SEAL_EXHIBITS,
        TAKE_TASK_STEP,
        Declared,
    )
    from workflows.identifiers import is_uuid
    from workflows.messages import (
        CLIP_ARRIVED,
        DECIDE,
        LOOK_AGAIN,
        RETRY_STEP,
        SETTLED_TOGETHER,
        AcquireClip,
        AlertRef,
        Assess,
        ClipFound,
        ClipStanding,
        Decide,
        DecisionAnswer,
        NoteFootage,
        NoteStep,
        Refusal,
        SealExhibits,
        Stage,
        Standing,
        TakeTaskStep,
        TriageEnd,
        TriageStart,
    )
    from workflows.service_level import Timetable

ANALYSIS_PATIENCE: Final = timedelta(minutes=10)
_FIRST_PAUSE: Final = timedelta(seconds=30)
_LONGEST_PAUSE: Final = timedelta(hours=1)

# How long until the clip is looked for again: first, and at most. A nudge comes sooner.
_LOOKS: Final = {
    ClipStanding.ANNOUNCED: (timedelta(seconds=5), timedelta(seconds=30)),
    ClipStanding.PENDING: (timedelta(seconds=2), timedelta(seconds=60)),
    ClipStanding.MISSING: (timedelta(minutes=5), timedelta(hours=6)),
}
_WAITING: Final = (AlertState.AWAITING_REVIEW, AlertState.MODEL_REVIEW)

# What looks closer at a clip once its alert is routed, in this order, each with the patch that brought it.
_CLOSER: Final = (
    ("blur-clip", BLUR_CLIP),
    ("compare-faces", COMPARE_FACES),
    ("explain-clip", EXPLAIN_CLIP),
    ("cut-before", CUT_BEFORE),
)

Message = TypeVar("Message")
Answer = TypeVar("Answer")


@workflow.defn
class AlertTriageWorkflow:
    """One alert. Workflow id `alert/<uuid>`."""

    @workflow.init
    def __init__(self, start: TriageStart) -> None:
        self._start = start
        self._alert = AlertRef(tenant_id=start.tenant_id, alert_id=start.alert_id)
        self._stage = Stage.RECEIVED
        self._footage = _Footage()
        self._bringing: asyncio.Task[None] | None = None
        self._standing: Standing | None = None
        self._decision: DecisionAnswer | None = None
        self._deciding = asyncio.Lock()
        self._retries_asked = 0
        self._looks_asked = self._looks_taken = 0

    # --- the procedure

    @workflow.run
    async def run(self, start: TriageStart) -> TriageEnd:
        if start.clip_expected:
            self._bringing = asyncio.create_task(self._bring_footage())
            await self._wait_for_footage()
        standing = await self._assess()
        self._bring_late_footage()
        if standing.state in _WAITING:
            standing = await self._wait_for_a_person(standing)
        if standing.state is AlertState.RESOLVED:
            await self._carry_on(standing)
        if self._bringing:
            await workflow.wait_condition(lambda: self._footage.at_rest)
            self._bringing.cancel()
        self._show(Stage.ARCHIVED if standing.state is AlertState.ARCHIVED else Stage.DONE)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return TriageEnd(state=standing.state)

    async def _wait_for_footage(self) -> None:
        """A person sees the alert without its clip rather than late; both waits end, the work behind them does not."""
        clip_wait = timedelta(seconds=self._start.clip_wait_seconds)
        if not await _within(clip_wait, lambda: self._footage.stored or self._footage.settled):
            self._footage.give_up = True
            self._footage.nudges += 1
            await workflow.wait_condition(lambda: self._footage.gave_up or self._footage.stored)
        if self._footage.stored:
            await _within(ANALYSIS_PATIENCE, lambda: self._footage.settled)

    async def _assess(self) -> Standing:
        standing = await self._do(
            ASSESS_AND_ROUTE,
            Assess(
                tenant_id=self._start.tenant_id,
                alert_id=self._start.alert_id,
                with_clip=self._start.clip_expected,
            ),
            Stage.ASSESSMENT,
        )
        self._standing = standing
        return standing

    async def _wait_for_a_person(self, standing: Standing) -> Standing:
        """Remind, reassign, escalate, for years if need be. Only an applied decision ends it."""
        self._show_waiting(standing)
        for step, at in _timetable(standing).steps(now=workflow.now()):
            if await self._decided_before(at):
                break
            message = TakeTaskStep(
                tenant_id=self._start.tenant_id,
                alert_id=self._start.alert_id,
                task_id=standing.task_id,
                step=step,
                at=at,
            )
            await self._do(TAKE_TASK_STEP, message, Stage.REVIEW)
            await self._begin_anew_when_long()
        decision = self._decision
        return Standing(
            state=AlertState.RESOLVED,
            strategy=standing.strategy,
            theft_confirmed=bool(decision and decision.theft_confirmed),
        )

    async def _decided_before(self, at: datetime) -> bool:
        """Wait for a decision until `at`. A nudge decides nothing: it has the database read again."""
        while await _within(at - workflow.now(), self._has_news):
            if self._decision is not None:
                return True
            self._looks_taken = self._looks_asked
            await self._look()
        return False

    def _has_news(self) -> bool:
        return self._decision is not None or self._looks_asked > self._looks_taken

    async def _look(self) -> None:
        """An alert can be settled together with another one of its review item, through that one's run."""
        message = Assess(tenant_id=self._start.tenant_id, alert_id=self._start.alert_id)
        standing = await self._do(ASSESS_AND_ROUTE, message, Stage.REVIEW)
        if standing.state is AlertState.RESOLVED and self._decision is None:
            self._decision = DecisionAnswer(
                code=SETTLED_TOGETHER, resolved=True, theft_confirmed=standing.theft_confirmed
            )

    async def _begin_anew_when_long(self) -> None:
        """A history may not grow for ever; the next run reads where the alert stands."""
        if workflow.info().is_continue_as_new_suggested():
            await workflow.wait_condition(workflow.all_handlers_finished)
            if self._decision is None:
                expected = self._start.clip_expected or self._bringing is not None
                workflow.continue_as_new(replace(self._start, clip_expected=expected))

    async def _carry_on(self, standing: Standing) -> None:
        """What follows from the person's decision. Each step is repeated until it has worked."""
        if standing.theft_confirmed:
            self._show(Stage.CASE)
            case = await self._do(OPEN_CASE, self._alert, Stage.CASE)
            self._show(Stage.SEALING)
            message = SealExhibits(
                tenant_id=self._start.tenant_id,
                alert_id=self._start.alert_id,
                case_id=case.case_id,
            )
            await self._do(SEAL_EXHIBITS, message, Stage.SEALING)
        self._show(Stage.DOSSIER)
        await self._do(RENDER_DOSSIER, self._alert, Stage.DOSSIER)

    # --- the clip, in the background

    def _bring_late_footage(self) -> None:
        """Footage that nobody had announced: a recording of the alert's time has come in while it waits."""
        late = self._standing is not None and self._standing.state in _WAITING
        if (
            late
            and self._footage.nudges
            and self._bringing is None
            and workflow.patched("late-recording")
        ):
            self._bringing = asyncio.create_task(self._bring_footage())

    async def _bring_footage(self) -> None:
        """Store the clip as soon as there is one, and have it analysed; late is better than never."""
        found = await self._clip_in_store()
        if found.standing is ClipStanding.STORED and not found.analysed:
            self._footage.stored = True
            self._show(Stage.ANALYSIS)
            await self._analyse()
        self._footage.settled = True
        late = self._standing is not None and self._standing.state in _WAITING
        nothing_came = not self._start.clip_expected and found.standing is ClipStanding.NONE
        if late and self._decision is None and not nothing_came:
            again = Assess(
                tenant_id=self._start.tenant_id, alert_id=self._start.alert_id, again=True
            )
            await self._do(ASSESS_AND_ROUTE, again, Stage.REVIEW)
        if found.standing is ClipStanding.STORED:
            await self._look_closer()
        self._footage.at_rest = True

    async def _clip_in_store(self) -> ClipFound:
        footage, last, looks = self._footage, None, 0
        while True:
            giving_up, nudges = footage.give_up, footage.nudges
            message = AcquireClip(
                tenant_id=self._start.tenant_id,
                alert_id=self._start.alert_id,
                give_up=giving_up,
            )
            found = await self._do(ACQUIRE_CLIP, message, Stage.CLIP_PENDING)
            footage.settled = footage.settled or found.routed
            footage.gave_up = footage.gave_up or giving_up
            if found.standing not in _LOOKS:
                return found
            footage.at_rest = found.standing is not ClipStanding.PENDING
            looks = looks + 1 if found.standing is last else 0
            last = found.standing
            if looks == 0 and self._standing is None:
                pending = found.standing is ClipStanding.PENDING
                self._show(Stage.CLIP_PENDING if pending else Stage.CLIP_ANNOUNCED)
            first, longest = _LOOKS[found.standing]
            pause = min(first * 2 ** min(looks, 20), longest)
            await footage.until_nudged(since=nudges, limit=pause)
            footage.at_rest = False

    async def _analyse(self) -> None:
        """Three tries, then a person sees the clip's alert without marks; `retry_step` tries again."""
        while True:
            try:
                await ANALYSE_CLIP.start(self._alert)
                return
            except ActivityError as failure:
                if is_cancelled_exception(failure):
                    raise
                await self._note(Stage.ANALYSIS, ANALYSE_CLIP.name, failure)
            self._footage.settled = self._footage.at_rest = True
            await self._until_asked()
            self._footage.at_rest = False

    async def _look_closer(self) -> None:
        """Nobody's decision waits for these steps. One that does not work is noted; `retry_step` tries it again."""
        steps = [step for patch, step in _CLOSER if workflow.patched(patch)]
        while steps:
            await workflow.wait_condition(lambda: self._standing is not None)
            steps = [step for step in steps if not await self._looked_closer(step)]
            if steps:
                self._footage.at_rest = True
                await self._until_asked()
                self._footage.at_rest = False

    async def _looked_closer(self, step: Declared[AlertRef, None]) -> bool:
        try:
            await step.start(self._alert)
        except ActivityError as failure:
            if is_cancelled_exception(failure):
                raise
            message = NoteFootage(
                tenant_id=self._start.tenant_id,
                alert_id=self._start.alert_id,
                step=step.name,
                kind=_kind_of(failure),
            )
            await NOTE_FOOTAGE.start(message)
            return False
        return True

    # --- messages

    @workflow.update(name=DECIDE)
    async def decide(self, message: Decide) -> DecisionAnswer:
        """Apply a decision attempt. The id alone carries no authority: the database knows the person and the token."""
        # One at a time: the first decision wins in the database anyhow, and so it does in this history.
        async with self._deciding:
            try:
                answer = await APPLY_DECISION.start(message)
            except ActivityError:
                return DecisionAnswer(code="unsettled")
        if answer.resolved and self._decision is None:
            self._decision = answer
        return answer

    @decide.validator
    def may_decide(self, message: Decide) -> None:
        """Turn away, before anything is written, what cannot be a decision of this alert now."""
        ours = (message.tenant_id, message.alert_id) == (
            self._start.tenant_id,
            self._start.alert_id,
        )
        if not ours or not is_uuid(message.attempt_id):
            raise _refused(Refusal.MALFORMED)
        if self._decision is not None:
            raise _refused(Refusal.ALREADY_DECIDED)
        if self._standing is None:
            raise _refused(Refusal.NOT_WAITING)
        if self._standing.state not in _WAITING:
            raise _refused(Refusal.ALREADY_DECIDED)

    @workflow.signal(name=CLIP_ARRIVED)
    def clip_arrived(self) -> None:
        self._footage.nudges += 1
        self._bring_late_footage()

    @workflow.signal(name=RETRY_STEP)
    def retry_step(self) -> None:
        self._retries_asked += 1

    @workflow.signal(name=LOOK_AGAIN)
    def look_again(self) -> None:
        """Carries no authority: whoever sends it makes the run read the database, nothing else."""
        self._looks_asked += 1

    # --- steps that end well in the end

    async def _do(
        self, activity: Declared[Message, Answer], message: Message, stage: Stage
    ) -> Answer:
        """Run an activity until it works; whatever stops it meanwhile is shown on the alert."""
        pause, noted = _FIRST_PAUSE, False
        while True:
            try:
                answer = await activity.start(message)
            except ActivityError as failure:
                if is_cancelled_exception(failure):
                    raise
                await self._note(stage, activity.name, failure)
            else:
                if noted:
                    await self._note(stage)
                return answer
            noted = True
            await self._until_asked(limit=pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _until_asked(self, *, limit: timedelta | None = None) -> None:
        asked = self._retries_asked
        await _within(limit, lambda: self._retries_asked > asked)

    async def _note(
        self, stage: Stage, failed_step: str = "", failure: ActivityError | None = None
    ) -> None:
        kind = _kind_of(failure) if failure else ""
        if failed_step:
            workflow.set_current_details(
                f"**{failed_step}** failed ({kind}); it is tried again. "
                "The signal `retry_step` tries it at once."
            )
        await NOTE_STEP.start(
            NoteStep(
                tenant_id=self._start.tenant_id,
                alert_id=self._start.alert_id,
                stage=stage,
                failed_step=failed_step,
                failed_kind=kind,
            )
        )
        if not failed_step:
            workflow.set_current_details(f"{self._stage.capitalize()}.")

    # --- what operations see

    def _show(self, stage: Stage) -> None:
        if stage is self._stage:
            return
        self._stage = stage
        workflow.set_current_details(f"{stage.capitalize()}.")
        workflow.upsert_search_attributes([visibility.STAGE.value_set(stage.value)])

    def _show_waiting(self, standing: Standing) -> None:
        self._stage = Stage.REVIEW
        attributes = [visibility.STAGE.value_set(Stage.REVIEW.value)]
        if standing.strategy:
            attributes.append(visibility.STRATEGY.value_set(standing.strategy))
        words = "Waiting for a person"
        if standing.due_at:
            workflow.upsert_search_attributes(
                [*attributes, visibility.DUE_AT.value_set(standing.due_at)]
            )
            words += f", due {visibility.moment(standing.due_at)}"
        workflow.set_current_details(f"{words}. Time alone decides nothing.")


class _Footage:
    """What the background work knows of the clip. `at_rest`: nothing more happens unless somebody sends something."""

    def __init__(self) -> None:
        self.nudges = 0
        self.give_up = False
        self.gave_up = False
        self.stored = False
        self.settled = False
        self.at_rest = False

    async def until_nudged(self, *, since: int, limit: timedelta) -> None:
        await _within(limit, lambda: self.nudges > since)


def _timetable(standing: Standing) -> Timetable:
    if standing.opened_at is None or standing.due_at is None:
        raise ValueError("an alert that waits for a person has an open task")
    return Timetable(
        opened_at=standing.opened_at,
        due_at=standing.due_at,
        reminded=standing.reminded,
        reassigned=standing.reassigned,
        escalated=standing.escalated,
    )


async def _within(limit: timedelta | None, condition: Callable[[], bool]) -> bool:
    """Wait until `condition` or for `limit` (None: without end); return whether the condition holds."""
    if condition() or (limit is not None and limit <= timedelta()):
        return condition()
    try:
        await workflow.wait_condition(condition, timeout=limit)
    except TimeoutError:
        return condition()
    return True


def _refused(refusal: Refusal) -> ApplicationError:
    return ApplicationError(f"refused: {refusal}", type=refusal.value, non_retryable=True)


def _kind_of(failure: ActivityError) -> str:
    """One word for what went wrong, fit for the record: never the error's own text."""
    cause = failure.cause
    if isinstance(cause, ActivityTimeout):
        return "timeout"
    if isinstance(cause, ApplicationError) and cause.type:
        return cause.type
    return "unknown"
