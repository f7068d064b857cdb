"""Backtests on the database: asked for, run in the background, done or failed where everybody sees it."""

import json
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from apps.alerts.operations.analysis import begin_analysis, record_assessment
from apps.reliability import tasks
from apps.reliability.models import AlertFact, Backtest, FactOrigin
from apps.reliability.operations import (
    UnableToBacktest,
    activate_version,
    draft_version,
    give_up_stopped_backtests,
    replay_period,
    request_backtest,
    run_backtest,
)
from apps.reliability.operations.backtests import MOST_WAITING, TIME_LIMIT
from apps.reliability.queries.past_alerts import Period, facts_of_period, past_alerts
from apps.triage.assessment import AssessmentInputs, assess, record_json
from apps.triage.backtest_report import BacktestReport
from apps.triage.cost_model import default_cost_model
from apps.triage.decision import DEFAULT_TRIAGE_POLICY, OUTCOMES, Outcome
from apps.triage.decoding import decode, encode
from apps.triage.fairness import FairnessFinding, FairnessState
from apps.triage.golden import GOLDEN_CASES, GoldenCase
from apps.triage.segments import Segment, SegmentReliability
from apps.triage.sequence import DEFAULT_POLICIES, SequenceState
from apps.triage.signals import Signal, ValidityState
from tests.reliability.history import FIRST_DAY, make_facts
from tests.reviews.conftest import sign_in
from tests.triage.strategies import validity
from tests.world import NOW, World, make_alert, make_camera

pytestmark = pytest.mark.django_db
PERIOD = Period(start=FIRST_DAY, end=FIRST_DAY + timedelta(days=7))
DEARER = replace(default_cost_model(), minute_price=6.0)


def draft_of(world: World, value=DEARER):
    return draft_version(
        actor=sign_in(world.lead),
        user=world.lead,
        value=value,
        note="Minutes are dearer here",
        now=timezone.now(),
    )


def asked(world: World, *, user=None, period=PERIOD, **drafts) -> Backtest:
    user = user or world.lead
    drafts = drafts or {"cost_model": draft_of(world)}
    return request_backtest(
        actor=sign_in(user), user=user, period=period, now=timezone.now(), **drafts
    )


def done(row: Backtest) -> Backtest:
    assert run_backtest(backtest_id=row.id, clock=timezone.now)
    row.refresh_from_db()
    return row


def test_a_draft_is_tried_on_the_past_and_its_result_is_kept(world: World) -> None:
    make_facts(world.tenant)
    row = done(asked(world))
    assert (row.state, row.progress, row.alert_count, row.error) == ("done", 1.0, 200, "")
    report = decode(BacktestReport, row.result)
    assert report.changed > 0
    assert report.draft_outcomes["archive"] > report.active_outcomes["archive"]
    assert report.by_draft_model.change.minutes < 0
    assert row.compared_with["cost_model"] == "default-1"
    assert row.compared_with["draft_cost_model"] == "cost-1"
    assert not row.is_simulated


def test_the_active_versions_on_their_own_past_change_nothing(world: World) -> None:
    make_facts(world.tenant)
    active = draft_of(world)
    activate_version(
        actor=sign_in(world.administrator),
        user=world.administrator,
        version=active,
        instead_of=None,
        reason="The lead tried it on the past",
        now=timezone.now(),
    )
    report = decode(BacktestReport, done(asked(world, cost_model=active)).result)
    assert (report.alerts, report.changed) == (200, 0)
    assert report.by_draft_model.change.expected_cost == 0


def test_asking_is_said_in_the_chain(world: World) -> None:
    asked(world)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_inbox WHERE event = 'backtest:started'")
        assert cursor.fetchone() == (1,)


@pytest.mark.parametrize("who", ["operator", "store_manager", "compliance", "ops"])
def test_only_who_manages_policy_starts_one(world: World, who: str) -> None:
    with pytest.raises(UnableToBacktest, match="role"):
        asked(world, user=getattr(world, who), cost_model=draft_of(world))


def test_a_backtest_needs_a_draft_and_a_past(world: World) -> None:
    ask = {"actor": sign_in(world.lead), "user": world.lead, "now": timezone.now()}
    with pytest.raises(UnableToBacktest, match="Choose"):
        request_backtest(**ask, period=PERIOD)
    model = draft_of(world)
    ahead = Period(start=timezone.now() + timedelta(days=1), end=timezone.now() + timedelta(days=2))
    with pytest.raises(UnableToBacktest, match="future"):
        request_backtest(**ask, period=ahead, cost_model=model)
    long = Period(start=FIRST_DAY - timedelta(days=800), end=FIRST_DAY)
    with pytest.raises(UnableToBacktest, match="at most"):
        request_backtest(**ask, period=long, cost_model=model)
    model.tenant_id = world.foreign_tenant.id
    with pytest.raises(UnableToBacktest, match="no such version"):
        request_backtest(**ask, period=PERIOD, cost_model=model)


def test_not_everybody_waits_at_once(world: World) -> None:
    model = draft_of(world)
    for _ in range(MOST_WAITING):
        asked(world, cost_model=model)
    with pytest.raises(UnableToBacktest, match="waiting"):
        asked(world, cost_model=model)


def test_two_workers_run_it_once(world: World) -> None:
    make_facts(world.tenant, count=5)
    row = done(asked(world))
    assert not run_backtest(backtest_id=row.id, clock=timezone.now)


def test_an_empty_period_fails_in_words(world: World) -> None:
    row = done(asked(world))
    assert (row.state, row.error) == ("failed", "There are no alerts in this period.")


def test_a_backtest_that_takes_too_long_stops_by_itself(world: World) -> None:
    make_facts(world.tenant, count=5)
    row, begun = asked(world), timezone.now()
    moments = iter([begun, *[begun + TIME_LIMIT + timedelta(seconds=1)] * 9])
    run_backtest(backtest_id=row.id, clock=lambda: next(moments))
    row.refresh_from_db()
    assert row.state == "failed"
    assert "longer than 4 minutes" in row.error


def test_one_whose_worker_is_gone_is_given_up(world: World) -> None:
    row = asked(world)
    Backtest.objects.filter(id=row.id).update(state="running", started_at=timezone.now())
    assert give_up_stopped_backtests(now=timezone.now()) == 0
    assert give_up_stopped_backtests(now=timezone.now() + 3 * TIME_LIMIT) == 1
    row.refresh_from_db()
    assert (row.state, row.result) == ("failed", {})


def test_stored_alerts_that_contradict_themselves_fail_in_words(world: World) -> None:
    make_facts(world.tenant, count=5)
    AlertFact.objects.update(low=0.99, probability=0.1, high=0.2)
    row = done(asked(world))
    assert row.state == "failed"
    assert "could not be replayed" in row.error


def test_the_task_runs_the_oldest_that_waits(world: World) -> None:
    make_facts(world.tenant, count=5)
    first, second = asked(world), asked(world, cost_model=draft_of(world))
    assert tasks.run_backtests() == 1
    states = {one.id: one.state for one in Backtest.objects.all()}
    assert states == {first.id: "done", second.id: "waiting"}


def test_simulated_history_is_labelled(world: World) -> None:
    make_facts(world.tenant, count=5, origin=FactOrigin.SIMULATED)
    assert done(asked(world)).is_simulated


def test_duplicates_and_drills_are_not_replayed(world: World) -> None:
    make_facts(world.tenant, count=4)
    make_facts(world.tenant, count=3, is_duplicate=True)
    make_facts(world.tenant, count=2, is_drill=True)
    assert facts_of_period(tenant_id=world.tenant.id, period=PERIOD).count() == 4
    world.tenant.is_drill = True
    world.tenant.save(update_fields=["is_drill"])
    assert facts_of_period(tenant_id=world.tenant.id, period=PERIOD).count() == 6


def test_alerts_outside_the_period_are_not_replayed(world: World) -> None:
    make_facts(world.tenant, count=10)
    period = Period(start=FIRST_DAY, end=FIRST_DAY + timedelta(minutes=30))
    assert facts_of_period(tenant_id=world.tenant.id, period=period).count() == 3


def test_an_alert_without_a_probability_is_replayed_on_the_assumed_one(world: World) -> None:
    make_facts(world.tenant, count=3)
    AlertFact.objects.update(probability=None, low=None, high=None)
    [chunk] = past_alerts(facts_of_period(tenant_id=world.tenant.id, period=PERIOD))
    assert chunk.batch.probability.tolist() == [0.5] * 3
    assert not chunk.batch.calibrated.any()
    report = replay_period(
        tenant_id=world.tenant.id, period=PERIOD, cost_model=None, triage_policy=None
    ).report
    assert report.uncalibrated == 3
    assert report.active_outcomes["verify"] == 3


def test_segments_are_told_side_by_side(world: World) -> None:
    cameras = [make_camera(world.site) for _ in range(2)]
    for seed, camera in enumerate(cameras):
        make_facts(world.tenant, count=50, seed=seed, site_id=world.site.id, camera_id=camera.id)
    report = decode(BacktestReport, done(asked(world)).result)
    lines = {(one.dimension, one.name): one for one in report.segments}
    assert lines["camera", str(cameras[0].id)].alerts == 50
    assert lines["site", str(world.site.id)].alerts == 100
    assert lines["daypart", "morning"].alerts == 50
    assert lines["detector", "acme@1"].changed == report.changed


def test_reading_in_chunks_gives_the_same_report(world: World) -> None:
    make_facts(world.tenant, count=25)
    facts = facts_of_period(tenant_id=world.tenant.id, period=PERIOD)
    assert [len(one) for one in past_alerts(facts, chunk_alerts=10)] == [10, 10, 5]


def test_what_triage_proposed_is_what_replaying_its_versions_proposes(world: World) -> None:
    """Real alerts, assessed and gathered as the product does it; each replayed alone, and all as a backtest."""
    proposed = [assessed(world, case) for case in GOLDEN_CASES]
    assert proposed == [case.outcome for case in GOLDEN_CASES]
    period = Period(start=NOW - timedelta(days=1), end=NOW + timedelta(days=1))
    model = draft_of(world, default_cost_model())
    report = decode(BacktestReport, done(asked(world, cost_model=model, period=period)).result)
    assert (report.alerts, report.changed, report.uncalibrated) == (4, 0, 0)
    counted = {outcome.value: proposed.count(outcome) for outcome in OUTCOMES}
    assert report.active_outcomes == counted
    facts = AlertFact.objects.filter(origin=FactOrigin.ALERT)
    assert sorted(facts.values_list("outcome", flat=True)) == sorted(proposed)


def assessed(world: World, case: GoldenCase) -> Outcome:
    """An alert whose assessment concludes what a golden case says of it."""
    alert = make_alert(world.camera)
    segment = Segment(camera=str(alert.camera_id), detector_version="test-detector@1.0")
    rate = 1 - case.inputs.probability.mean
    record = assess(
        inputs=AssessmentInputs(
            alert_id=str(alert.id),
            label=alert.label,
            detector_id=alert.detector_id,
            detector_version=alert.detector_version,
            score=alert.score,
            signals=_signals_of(case.inputs.sequence),
            sequence_policy=DEFAULT_POLICIES[0],
            probability=case.inputs.probability,
            reliability=SegmentReliability(
                state=case.inputs.reliability,
                segment=segment,
                false_positive_rate=rate,
                low=rate,
                high=rate,
                label_count=80,
            ),
            fairness=FairnessFinding(state=FairnessState.PASSED, method="test"),
            has_viewable_clip=True,
            cost_model=default_cost_model(),
            model_digests={},
        )
    )
    begin_analysis(alert_id=alert.id, now=NOW)
    record_assessment(
        alert=alert,
        record_json=record_json(record),
        digest=record.digest,
        outcome=record.decision.outcome.value,
        reason_codes=[],
        priority=0.0,
        now=NOW,
    )
    return record.decision.outcome


def _signals_of(state: SequenceState) -> tuple[Signal, ...]:
    steps = {"complete": ("item_taken", "item_to_bag"), "incomplete": ("item_taken", "reach")}
    return tuple(
        Signal(
            name=name,
            value=1.0,
            validity=validity(ValidityState.MEASURED),
            start_seconds=float(at),
            end_seconds=at + 0.5,
            source="test",
        )
        for at, name in enumerate(steps.get(state, ("item_taken",)))
    )


def command(world: World, *more: str, **options) -> str:
    out = StringIO()
    days = ["--from", "2026-09-01", "--to", "2026-09-07"]
    call_command("backtest", "--tenant", world.tenant.slug, *days, *more, stdout=out, **options)
    return out.getvalue()


def test_the_command_says_the_same_in_words_and_in_json(world: World) -> None:
    make_facts(world.tenant)
    draft_of(world)
    words = command(world, "--cost-model", "1")
    facts = json.loads(command(world, "--cost-model", "1", "--json"))
    report = decode(BacktestReport, facts["report"])
    assert f"200 alerts, {report.changed} decided otherwise." in words
    assert "What this cannot know:" in words
    assert facts["draft"]["cost_model"] == "cost-1"
    assert Backtest.objects.count() == 0


def test_the_command_tries_a_file(world: World, tmp_path) -> None:
    make_facts(world.tenant, count=10)
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(encode(replace(DEFAULT_TRIAGE_POLICY, audit_share=0.2))))
    facts = json.loads(command(world, "--policy", str(path), "--json"))
    change = decode(BacktestReport, facts["report"]).by_draft_model.change
    assert change.audit_minutes > 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--cost-model", "9"], "no cost model 9"),
        (["--cost-model", "/nowhere.json"], "no cost model"),
        ([], "no alerts"),
    ],
)
def test_the_command_says_what_is_wrong(world: World, more, said) -> None:
    with pytest.raises(CommandError, match=said):
        command(world, *more)
