"""Trying a draft on the past: asked for by a person, run in the background, kept with its result or its failure."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.reliability.models import Backtest, CostModelVersion, TriagePolicyVersion
from apps.reliability.operations.facts import gather_facts
from apps.reliability.queries.choices import active_cost_model, standing_triage_policy
from apps.reliability.queries.past_alerts import (
    Period,
    facts_of_period,
    holds_simulated,
    past_alerts,
)
from apps.triage.backtest import Choice, backtest
from apps.triage.backtest_report import BacktestReport
from apps.triage.cost_model import CostModel
from apps.triage.decision import TriagePolicy
from apps.triage.decoding import UnableToDecode, decode, encode

LONGEST_PERIOD: Final = timedelta(days=732)
MOST_WAITING: Final = 5
TIME_LIMIT: Final = timedelta(minutes=4)
_STOPPED: Final = gettext_noop(
    "It stopped without a result: the worker was restarted. Start it again."
)
_log = logging.getLogger(__name__)
State = Backtest.State


class UnableToBacktest(Exception):
    """The backtest was not started or has no result; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """A report with what it rests on."""

    report: BacktestReport
    active: Choice
    draft: Choice
    is_simulated: bool


def request_backtest(
    *,
    actor: Actor,
    user: User,
    period: Period,
    cost_model: CostModelVersion | None = None,
    triage_policy: TriagePolicyVersion | None = None,
    now: datetime,
) -> Backtest:
    """Put a backtest of a draft in the queue; what is left out stays as it is active when it runs.

    Runs inside the tenant's scope. Raises UnableToBacktest without permission, without any draft, for
    versions of another tenant, for a period in the future or longer than two years, and while
    many are waiting already.
    """
    if not user.may(Permission.MANAGE_POLICY):
        raise UnableToBacktest(gettext("Your role does not allow backtests."))
    _require_sensible(user, period, cost_model, triage_policy, now=now)
    with transaction.atomic():
        made = Backtest.objects.create(
            tenant_id=user.tenant_id,
            period_from=period.start,
            period_to=period.end,
            cost_model=cost_model,
            triage_policy=triage_policy,
            created_by=user.id,
            created_at=now,
        )
        record(
            actor=actor,
            event=Event.BACKTEST_STARTED,
            subject=Subject("backtest", made.id),
            details={
                "from": period.start.isoformat(),
                "to": period.end.isoformat(),
                "cost_model": cost_model.version if cost_model else 0,
                "triage_policy": triage_policy.version if triage_policy else 0,
            },
        )
    return made


def run_backtest(*, backtest_id: UUID, clock: Callable[[], datetime]) -> bool:
    """Run a waiting backtest to its result or its visible failure. False when it was not waiting.

    Progress is committed on the way, so it is not run inside a transaction. `clock` is asked when it
    ends, and while it runs, so that one that takes too long stops by itself.
    """
    started = clock()
    waiting = Backtest.objects.filter(id=backtest_id, state=State.WAITING)
    if waiting.update(state=State.RUNNING, progress=0.0, started_at=started) != 1:
        return False
    row = Backtest.objects.select_related("cost_model", "triage_policy").get(id=backtest_id)
    try:
        _finish(row, _replayed(row, started=started, clock=clock), now=clock())
    except (UnableToBacktest, UnableToDecode) as fault:
        _fail(backtest_id, str(fault), now=clock())
    except Exception as fault:
        _log.exception("backtest %s failed", backtest_id)
        _fail(
            backtest_id,
            f"It stopped because of a fault in the programme ({type(fault).__name__}).",
            now=clock(),
        )
    return True


def give_up_stopped_backtests(*, now: datetime) -> int:
    """Mark as failed what is said to run although its worker must be gone. Returns how many."""
    limit = now - 2 * TIME_LIMIT
    return Backtest.objects.filter(state=State.RUNNING, started_at__lt=limit).update(
        state=State.FAILED,
        error=_STOPPED,
        finished_at=now,
    )


def replay_period(
    *,
    tenant_id: UUID,
    period: Period,
    cost_model: CostModel | None,
    triage_policy: TriagePolicy | None,
    progress: Callable[[int, int], None] | None = None,
) -> Replayed:
    """Decide a period again under the drafts given, beside the active versions; nothing is written.

    `progress` is told the alerts done and the alerts in all. Raises UnableToBacktest for an empty period
    and for stored alerts that cannot be replayed.
    """
    active = Choice(
        model=active_cost_model(tenant_id)[1], policy=standing_triage_policy(tenant_id)[1]
    )
    draft = Choice(
        model=cost_model or active.model,
        policy=triage_policy or active.policy,
    )
    facts = facts_of_period(tenant_id=tenant_id, period=period)
    total = facts.count()
    if not total:
        raise UnableToBacktest(gettext("There are no alerts in this period."))
    try:
        report = backtest(
            chunks=past_alerts(facts),
            active=active,
            draft=draft,
            progress=(lambda done: progress(done, total)) if progress else None,
        )
    except ValueError as fault:
        raise UnableToBacktest(
            gettext("The stored alerts could not be replayed: %(fault)s.") % {"fault": fault}
        ) from fault
    return Replayed(report=report, active=active, draft=draft, is_simulated=holds_simulated(facts))


def _require_sensible(
    user: User,
    period: Period,
    cost_model: CostModelVersion | None,
    triage_policy: TriagePolicyVersion | None,
    *,
    now: datetime,
) -> None:
    drafts = [one for one in (cost_model, triage_policy) if one is not None]
    if not drafts:
        raise UnableToBacktest(gettext("Choose a cost model, a triage policy, or both."))
    if any(one.tenant_id != user.tenant_id for one in drafts):
        raise UnableToBacktest(gettext("There is no such version."))
    if period.start >= now:
        raise UnableToBacktest(
            gettext("The period lies in the future: there is nothing to replay.")
        )
    if period.end - period.start > LONGEST_PERIOD:
        raise UnableToBacktest(gettext("A backtest covers at most two years."))
    waiting = Backtest.objects.filter(
        tenant_id=user.tenant_id, state__in=[State.WAITING, State.RUNNING]
    )
    if waiting.count() >= MOST_WAITING:
        raise UnableToBacktest(
            gettext("%(count)s backtests are waiting already. Start another when one is done.")
            % {"count": MOST_WAITING}
        )


def _replayed(row: Backtest, *, started: datetime, clock: Callable[[], datetime]) -> Replayed:
    def progress(done: int, total: int) -> None:
        Backtest.objects.filter(id=row.id).update(progress=done / total)
        if clock() - started > TIME_LIMIT:
            minutes = int(TIME_LIMIT.total_seconds() // 60)
            raise UnableToBacktest(
                gettext(
                    "It took longer than %(minutes)s minutes and was stopped. Choose a shorter period."
                )
                % {"minutes": minutes}
            )

    gather_facts(tenant_id=row.tenant_id, now=started)
    return replay_period(
        tenant_id=row.tenant_id,
        period=Period(start=row.period_from, end=row.period_to),
        cost_model=decode(CostModel, row.cost_model.parameters) if row.cost_model else None,
        triage_policy=(
            decode(TriagePolicy, row.triage_policy.parameters) if row.triage_policy else None
        ),
        progress=progress,
    )


def _finish(row: Backtest, found: Replayed, *, now: datetime) -> None:
    Backtest.objects.filter(id=row.id, state=State.RUNNING).update(
        state=State.DONE,
        progress=1.0,
        alert_count=found.report.alerts,
        is_simulated=found.is_simulated,
        result=encode(found.report),
        compared_with={
            "cost_model": found.active.model.version,
            "triage_policy": found.active.policy.version,
            "draft_cost_model": found.draft.model.version,
            "draft_triage_policy": found.draft.policy.version,
        },
        finished_at=now,
    )


def _fail(backtest_id: UUID, sentence: str, *, now: datetime) -> None:
    Backtest.objects.filter(id=backtest_id).exclude(state=State.DONE).update(
        state=State.FAILED, error=sentence, finished_at=now
    )
