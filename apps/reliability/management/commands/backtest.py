"""`manage.py backtest`: decide a past period again under a draft, beside what is active. Nothing is stored."""

import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.reliability.operations import UnableToBacktest, replay_period
from apps.reliability.operations.backtests import Replayed
from apps.reliability.queries.past_alerts import Period
from apps.reliability.queries.versions import MODELS, VersionKind, value_of
from apps.triage.backtest_report import BacktestReport, Comparison, Estimate, Figures
from apps.triage.cost_model import CostModel
from apps.triage.decision import OUTCOMES, TriagePolicy
from apps.triage.decoding import decode, encode

T = TypeVar("T")


class Command(BaseCommand):
    help = "Replay a past period under a draft cost model or triage policy, beside the active ones."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, help="slug")
        parser.add_argument(
            "--from", required=True, dest="start", help="first day, YYYY-MM-DD, UTC"
        )
        parser.add_argument("--to", required=True, dest="end", help="last day, YYYY-MM-DD, UTC")
        parser.add_argument("--cost-model", default="", help="a version number, or a JSON file")
        parser.add_argument("--policy", default="", help="a version number, or a JSON file")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"No tenant is called {options['tenant']!r}.")
        period = _period(options["start"], options["end"])
        with tenant_scope(tenant.id):
            model = _chosen(tenant.id, CostModel, VersionKind.COST_MODEL, options["cost_model"])
            policy = _chosen(tenant.id, TriagePolicy, VersionKind.TRIAGE_POLICY, options["policy"])
            try:
                found = replay_period(
                    tenant_id=tenant.id, period=period, cost_model=model, triage_policy=policy
                )
            except UnableToBacktest as refusal:
                raise CommandError(str(refusal)) from refusal
        self.stdout.write(json.dumps(_facts(found)) if options["json"] else _in_words(found))


def _period(start: str, end: str) -> Period:
    try:
        first, last = date.fromisoformat(start), date.fromisoformat(end)
        return Period(
            start=datetime.combine(first, time.min, tzinfo=UTC),
            end=datetime.combine(last, time.max, tzinfo=UTC),
        )
    except ValueError as fault:
        raise CommandError(f"--from and --to are days such as 2026-08-01: {fault}.") from fault


def _chosen(tenant_id: UUID, value: type[T], kind: VersionKind, given: str) -> T | None:
    """The value of a stored version by its number, or of a file; None when nothing was given."""
    if not given:
        return None
    try:
        if not given.isdigit():
            return decode(value, json.loads(Path(given).read_text(encoding="utf-8")))
        found = MODELS[kind]._default_manager.filter(tenant_id=tenant_id, version=int(given))
        version = found.first()
        if version is None:
            raise CommandError(f"There is no {kind.words} {given}.")
        stored = value_of(version)
    except (OSError, ValueError) as fault:
        raise CommandError(f"{given} is no {kind.words}: {fault}.") from fault
    assert isinstance(stored, value)
    return stored


def _facts(found: Replayed) -> dict[str, Any]:
    return {
        "is_simulated": found.is_simulated,
        "active": {
            "cost_model": found.active.model.version,
            "triage_policy": found.active.policy.version,
        },
        "draft": {
            "cost_model": found.draft.model.version,
            "triage_policy": found.draft.policy.version,
        },
        "report": encode(found.report),
    }


def _in_words(found: Replayed) -> str:
    report = found.report
    lines = [
        f"{'Simulated history. ' if found.is_simulated else ''}{report.alerts} alerts, "
        f"{report.changed} decided otherwise.",
        f"{'':<32}{'active':>14}{'draft':>14}{'change':>14}",
    ]
    lines += [
        _line(outcome.value, report.active_outcomes[outcome], report.draft_outcomes[outcome])
        for outcome in OUTCOMES
    ]
    lines += _figures(report, report.by_draft_model)
    return "\n".join(
        [*lines, "", "What this cannot know:", *(f"- {s}" for s in report.cannot_know)]
    )


def _figures(report: BacktestReport, measured: Comparison) -> list[str]:
    pairs = (
        (f"expected cost, {report.currency}", "expected_cost"),
        ("operator minutes", "minutes"),
        ("wrong interventions", "wrong_interventions"),
        (f"value lost, {report.currency}", "value_lost"),
    )
    lines = [
        _line(words, getattr(measured.active, name), getattr(measured.draft, name))
        for words, name in pairs
    ]
    return [*lines, _by_verdicts(measured.change)]


def _line(words: str, active: float, draft: float) -> str:
    return f"{words:<32}{active:>14,.2f}{draft:>14,.2f}{draft - active:>+14,.2f}"


def _by_verdicts(change: Figures) -> str:
    found: Estimate = change.cost_by_verdicts
    if found.value is None or found.low is None or found.high is None:
        return f"change of cost by verdicts: not known yet ({found.labels} labels)"
    return (
        f"change of cost by verdicts: {found.value:+,.2f} ({found.low:+,.2f} to {found.high:+,.2f}, "
        f"{found.labels} labels)"
    )
