"""How long a backtest takes: a million alerts on arrays, and a hundred thousand through the database."""

import resource
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from apps.reliability.models import AlertFact
from apps.reliability.operations import draft_version, request_backtest, run_backtest
from apps.reliability.queries.past_alerts import Period
from apps.triage.backtest import CHUNK_ALERTS, Choice, PastAlerts, backtest, groups_of
from apps.triage.cost_model import default_cost_model
from apps.triage.decision import DEFAULT_TRIAGE_POLICY, DecisionBatch
from apps.triage.tables import Labels
from tests.bench.conftest import Report
from tests.reliability.history import FIRST_DAY
from tests.reviews.conftest import sign_in
from tests.world import World

ALERTS = 1_000_000
STORED = 100_000
SEED = 1000
DRAFT = replace(default_cost_model(), version="draft", minute_price=0.8)


@pytest.mark.bench
def test_a_million_alerts_are_decided_again_within_half_a_minute(report: Report) -> None:
    """From text columns, as a database gives them, to the report; two cost models and five dimensions."""
    columns = list(_chunks(np.random.default_rng(SEED)))
    started = time.perf_counter()
    found = backtest(
        chunks=(_past(one) for one in columns),
        active=Choice(model=default_cost_model(), policy=DEFAULT_TRIAGE_POLICY),
        draft=Choice(model=DRAFT, policy=DEFAULT_TRIAGE_POLICY),
    )
    seconds = time.perf_counter() - started
    report.say("alerts", found.alerts)
    report.say("alerts decided otherwise", found.changed)
    report.say("segments", len(found.segments))
    report.say("seconds", seconds)
    report.say("alerts a second", round(found.alerts / seconds))
    report.say("peak memory of the process, MiB", _peak_mib())
    assert seconds <= 30


@pytest.mark.bench
@pytest.mark.django_db
def test_a_backtest_through_the_database(world: World, report: Report) -> None:
    """A hundred thousand stored alerts: read, decided twice, and the report stored."""
    rng = np.random.default_rng(SEED + 1)
    chance = rng.beta(1, 3, STORED)
    AlertFact.objects.bulk_create(
        (_fact(world, at, float(chance[at]), bool(rng.random() < 0.4)) for at in range(STORED)),
        batch_size=5_000,
    )
    model = draft_version(
        actor=sign_in(world.lead),
        user=world.lead,
        value=DRAFT,
        note="Minutes are dearer here",
        now=timezone.now(),
    )
    row = request_backtest(
        actor=sign_in(world.lead),
        user=world.lead,
        period=Period(start=FIRST_DAY, end=FIRST_DAY + timedelta(days=90)),
        cost_model=model,
        now=timezone.now(),
    )
    started = time.perf_counter()
    run_backtest(backtest_id=row.id, clock=timezone.now)
    seconds = time.perf_counter() - started
    row.refresh_from_db()
    report.say("alerts", row.alert_count)
    report.say("seconds", seconds)
    report.say("alerts a second", round(row.alert_count / seconds))
    assert (row.state, row.alert_count) == ("done", STORED)
    assert seconds <= 30


def _chunks(rng: np.random.Generator) -> Iterator[dict[str, np.ndarray]]:
    sites = np.array([f"{site:08d}-0000-4000-8000-000000000000" for site in range(40)])
    cameras = np.array([f"{camera:08d}-0000-4000-8000-000000000000" for camera in range(800)])
    for _ in range(0, ALERTS, CHUNK_ALERTS):
        size = CHUNK_ALERTS
        chance = rng.beta(1, 3, size)
        camera = rng.integers(0, len(cameras), size)
        archived = rng.random(size) < 0.6
        labelled = np.where(archived, rng.random(size) < 0.05, rng.random(size) < 0.9)
        yield {
            "chance": chance,
            "calibrated": rng.random(size) < 0.95,
            "sequence": rng.choice(["complete", "incomplete", "isolated", "unknown"], size),
            "reliability": rng.choice(["green", "amber", "red", "unknown"], size),
            "fairness": rng.choice(
                ["passed", "failed", "not_assessable"], size, p=[0.6, 0.01, 0.39]
            ),
            "viewable": rng.random(size) < 0.98,
            "shadow": rng.gamma(1, 0.2, size),
            "theft": np.where(labelled, (rng.random(size) < chance).astype(float), np.nan),
            "share": np.where(archived, 0.05, 1.0),
            "site": sites[camera // 20],
            "camera": cameras[camera],
            "lighting": rng.choice(["bright", "dim", "dark"], size),
            "daypart": rng.choice(["night", "morning", "afternoon", "evening"], size),
            "detector": rng.choice(["acme@1", "acme@2", "other@1"], size),
        }


def _past(column: dict[str, np.ndarray]) -> PastAlerts:
    chance = column["chance"]
    return PastAlerts(
        batch=DecisionBatch(
            probability=chance,
            low=chance * 0.8,
            high=chance + (1 - chance) * 0.2,
            calibrated=column["calibrated"],
            sequence=column["sequence"],
            reliability=column["reliability"],
            fairness=column["fairness"],
            has_viewable_clip=column["viewable"],
            minute_shadow_price=column["shadow"],
            stopped=np.zeros(len(chance), dtype=np.bool_),
        ),
        labels=Labels(
            theft=column["theft"],
            sampling_probability=column["share"],
            labelled_at=np.zeros(len(chance)),
        ),
        groups={
            name: groups_of(column[name])
            for name in ("site", "camera", "lighting", "daypart", "detector")
        },
    )


def _fact(world: World, at: int, chance: float, labelled: bool) -> AlertFact:
    return AlertFact(
        tenant=world.tenant,
        origin="imported",
        happened_at=FIRST_DAY + timedelta(seconds=77 * at),
        site_id=world.site.id,
        camera_id=world.camera.id,
        detector_id="acme",
        detector_version="1",
        label="item_to_bag",
        score=chance,
        sequence=("complete", "incomplete", "isolated")[at % 3],
        reliability=("green", "red", "amber")[at % 7 % 3],
        fairness="passed",
        lighting=("bright", "dim")[at % 2],
        daypart=("morning", "evening")[at % 2],
        probability=chance,
        low=chance * 0.8,
        high=chance + (1 - chance) * 0.2,
        is_calibrated=True,
        verdict="false_alarm" if labelled else "",
        labelled_at=FIRST_DAY if labelled else None,
    )


def _peak_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
