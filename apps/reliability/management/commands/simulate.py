"""`manage.py simulate`: a store network with known truth, for tests, benchmarks and rehearsals."""

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor
from apps.reliability.operations.simulated import (
    StoredSimulation,
    UnableToStoreSimulation,
    require_rehearsal,
    store_simulated_history,
)
from apps.triage.cost_model import default_cost_model
from apps.triage.simulation.closed_loop import LoopSettings, run_closed_loop
from apps.triage.simulation.description import SimulationSummary, plain_settings, summary_of
from apps.triage.simulation.history import SimulatedHistory, simulate
from apps.triage.simulation.judging import product_judge
from apps.triage.simulation.learners import product_learner
from apps.triage.simulation.records import past_labels, records_of
from apps.triage.simulation.settings import FIRST_MONDAY, SimulationSettings

NOTICE = "Simulated. These figures describe an invented network; they forecast nothing."
REHEARSAL_REFIT_DAYS = 10


class Command(BaseCommand):
    help = (
        "Simulate a store network whose every probability is known. Prints its configuration and "
        "how hard it is; with --out writes labelled alerts that import_history reads; with "
        "--into-tenant writes them, decided day by day, into a rehearsal tenant."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=1, help="which network (default 1)")
        parser.add_argument("--days", type=int, default=90, help="how many days (default 90)")
        parser.add_argument("--sites", type=int, default=10, help="how many stores (default 10)")
        parser.add_argument(
            "--alerts-per-camera", type=float, default=6.0, help="alerts a camera and day"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument("--out", type=Path, help="write labelled alerts, one JSON a line")
        parser.add_argument("--into-tenant", metavar="SLUG", help="a rehearsal tenant")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["into_tenant"]
        tenant = _rehearsal(slug) if slug else None
        first = _first_day(timezone.now(), options["days"]) if tenant else FIRST_MONDAY
        history = simulate(seed=options["seed"], settings=_settings(options, first))
        facts: dict[str, Any] = {
            "notice": NOTICE,
            "configuration": plain_settings(history.settings),
            "summary": asdict(summary_of(history=history)),
        }
        if options["out"]:
            facts["written"] = _write(history, options["out"])
        if tenant:
            facts["stored"] = asdict(_store(tenant, history))
        self.stdout.write(json.dumps(facts) if options["json"] else _in_words(history, facts))


def _settings(options: dict[str, Any], first: float) -> SimulationSettings:
    try:
        return SimulationSettings(
            days=options["days"],
            sites=options["sites"],
            alerts_per_camera_and_day=options["alerts_per_camera"],
            starts_at=first,
        )
    except ValueError as error:
        raise CommandError(f"Nothing was simulated: {error}.") from error


def _first_day(now: datetime, days: int) -> float:
    """Midnight UTC, so that the last simulated day is yesterday."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - timedelta(days=days)).timestamp()


def _rehearsal(slug: str) -> Tenant:
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise CommandError(f"There is no tenant {slug!r}.")
    with tenant_scope(tenant.id):
        try:
            require_rehearsal(tenant)
        except UnableToStoreSimulation as refusal:
            raise CommandError(f"Nothing was simulated. {refusal}") from refusal
    return tenant


def _write(history: SimulatedHistory, path: Path) -> int:
    labels = past_labels(history=history)
    try:
        with path.open("w", encoding="utf-8") as file:
            for one in records_of(history=history, labels=labels):
                file.write(json.dumps(one, separators=(",", ":")) + "\n")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
    return len(history)


def _store(tenant: Tenant, history: SimulatedHistory) -> StoredSimulation:
    settings = LoopSettings(refit_days=REHEARSAL_REFIT_DAYS, daily_until=2)
    result = run_closed_loop(
        history=history,
        learner=product_learner(model=default_cost_model()),
        settings=settings,
        judge=product_judge(policy=settings.policy, every=1),
    )
    with tenant_scope(tenant.id):
        return store_simulated_history(
            actor=Actor.system(tenant.id), tenant=tenant, history=history, result=result
        )


def _in_words(history: SimulatedHistory, facts: dict[str, Any]) -> str:
    settings = [f"  {name:<28} {value}" for name, value in plain_settings(history.settings).items()]
    lines = [
        NOTICE,
        "",
        "Configuration",
        *settings,
        "",
        *_summary_lines(summary_of(history=history)),
    ]
    if "written" in facts:
        lines.append(f"{facts['written']} simulated alerts written.")
    if "stored" in facts:
        stored = facts["stored"]
        lines.append(f"{stored['added']} of {stored['rows']} simulated alerts are new there.")
    return "\n".join(lines)


def _summary_lines(found: SimulationSummary) -> list[str]:
    return [
        f"Network {found.seed}: {found.sites} stores, {found.cameras} cameras, {found.days} days",
        f"  alerts                       {found.alerts} ({found.alerts_per_day:.0f} a day)",
        f"  theft behind                 {found.theft_share:.1%} of alerts",
        f"  in low light                 {found.low_light_share:.1%}, of these "
        f"{found.false_share_in_low_light:.1%} false",
        "  expected cost an alert, shipped cost model:",
        f"    oracle                     {found.oracle_cost:.2f}",
        f"    best score thresholds      {found.best_thresholds_cost:.2f} "
        f"({found.thresholds_above_oracle:+.0%})",
        f"    escalate everything        {found.escalate_everything_cost:.2f}",
        f"    verify everything          {found.verify_everything_cost:.2f}",
        f"    archive everything         {found.archive_everything_cost:.2f}",
    ]
