"""The simulator: its truth is coherent, repeatable, and not easy."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.triage.cost_model import default_cost_model
from apps.triage.decoding import decode, encode
from apps.triage.simulation.baselines import (
    ARCHIVE,
    ESCALATE,
    VERIFY,
    Thresholds,
    best_thresholds,
    cost_of,
    oracle_choice,
    true_costs,
)
from apps.triage.simulation.behaviours import BEHAVIOURS, SIGNAL_NAMES, SIGNALS_OF
from apps.triage.simulation.description import plain_settings, summary_of
from apps.triage.simulation.history import SimulatedHistory, simulate
from apps.triage.simulation.people import draw_operators, draw_verdicts
from apps.triage.simulation.records import past_labels, records_of
from apps.triage.simulation.settings import SimulationSettings

MODEL = default_cost_model()
SMALL = SimulationSettings(days=20, sites=4)


@pytest.fixture(scope="module")
def history() -> SimulatedHistory:
    return simulate(seed=11)


def test_the_same_seed_gives_the_same_network_and_another_seed_another_one() -> None:
    first, again, other = (simulate(seed=seed, settings=SMALL) for seed in (3, 3, 4))
    assert np.array_equal(first.table.score, again.table.score)
    assert np.array_equal(first.table.signals, again.table.signals, equal_nan=True)
    assert np.array_equal(first.probability, again.probability)
    assert np.array_equal(first.theft, again.theft)
    assert not np.array_equal(first.table.score[:50], other.table.score[:50])


def test_the_exact_probability_is_calibrated_against_what_really_happened(history) -> None:
    edges = np.append(np.quantile(history.probability, np.linspace(0, 1, 21)[:-1]), np.inf)
    group = np.searchsorted(edges, history.probability, side="right")
    for one in np.unique(group):
        rows = group == one
        expected, found = history.probability[rows].mean(), history.theft[rows].mean()
        spread = np.sqrt((history.probability[rows] * (1 - history.probability[rows])).sum())
        assert abs(found - expected) <= 4 * spread / rows.sum() + 1e-9


@pytest.mark.parametrize(
    "dimension", ["lighting", "daypart", "crowding", "zone_kind", "detector_version", "weekday"]
)
def test_it_is_calibrated_in_every_segment_too(history, dimension) -> None:
    words = history.table.segments[dimension]
    for word in np.unique(words):
        rows = words == word
        p = history.probability[rows]
        assert (
            abs(history.theft[rows].mean() - p.mean())
            <= 4.5 * np.sqrt((p * (1 - p)).sum()) / rows.sum()
        )


def test_what_is_seen_tells_more_than_the_score_alone(history) -> None:
    """Knowing everything must beat knowing the score by far, or nothing could be learned."""
    costs = true_costs(history=history, model=MODEL)
    score = history.table.score
    hindsight = cost_of(costs=costs, choice=best_thresholds(score=score, costs=costs).choose(score))
    oracle = cost_of(costs=costs, choice=oracle_choice(costs))
    assert hindsight.sum() > 1.5 * oracle.sum()


@pytest.mark.parametrize("seed", [21, 22, 23, 24])
def test_it_is_not_easy(seed) -> None:
    summary = summary_of(history=simulate(seed=seed))
    assert summary.thresholds_above_oracle >= 0.5
    assert 200 <= summary.alerts_per_day <= 500
    best_single = min(
        summary.escalate_everything_cost,
        summary.verify_everything_cost,
        summary.archive_everything_cost,
    )
    assert best_single > 1.5 * summary.oracle_cost


def test_low_light_is_where_alerts_are_wrong_more_often(history) -> None:
    dark = history.table.segments["lighting"] == "dark"
    assert 1 - history.theft[dark].mean() > 1.15 * (1 - history.theft[~dark].mean())
    assert dark.mean() > 0.05


def test_cameras_fail_and_a_detector_is_replaced_on_the_way(history) -> None:
    failing = history.conditions.failing
    hurt = np.isin(history.conditions.camera, np.unique(history.conditions.camera[failing]))
    before, after = hurt & ~failing, hurt & failing
    assert (~history.theft[after]).mean() > 1.2 * (~history.theft[before]).mean()
    versions = {str(one) for one in np.unique(history.table.detector)}
    assert {"shelfsense@12", "shelfsense@13"} <= versions
    older = history.day[history.table.detector == "shelfsense@12"].max()
    assert older < history.day[history.table.detector == "shelfsense@13"].min()


def test_every_kind_of_alert_has_its_own_signals(history) -> None:
    for label, names in SIGNALS_OF.items():
        rows = history.table.label == label
        seen = ~np.isnan(history.table.signals[rows])
        own = np.array([name in (*names, "dwell_in_view") for name in SIGNAL_NAMES])
        assert not seen[:, ~own].any()
        assert (seen[:, own].mean(axis=0) > 0.8).all()


def test_segments_name_the_detector_with_its_version(history) -> None:
    assert np.array_equal(history.table.segments["detector_version"], history.table.detector)


def test_people_err_as_often_as_the_cost_model_says(history) -> None:
    rng = np.random.default_rng(5)
    people = draw_operators(settings=replace(SMALL, operators=400), model=MODEL, rng=rng)
    said = draw_verdicts(theft=history.theft, operators=people, rng=rng)
    given = ~np.isnan(said.verified)
    assert said.verified[given & history.theft].mean() == pytest.approx(0.95, abs=0.01)
    assert said.verified[given & ~history.theft].mean() == pytest.approx(0.0065, abs=0.004)
    hurried = ~np.isnan(said.escalated)
    assert (
        said.escalated[hurried & ~history.theft].mean()
        > said.verified[given & ~history.theft].mean()
    )
    assert (~given).mean() == pytest.approx(SMALL.inconclusive_share, abs=0.01)


@given(
    scores=st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4, 0.5]), min_size=1, max_size=12),
    seed=st.integers(0, 1000),
)
@settings(max_examples=80, deadline=None)
def test_no_pair_of_thresholds_is_cheaper_than_the_best(scores, seed) -> None:
    score = np.array(scores)
    costs = np.random.default_rng(seed).random((len(score), 3))
    best = best_thresholds(score=score, costs=costs)
    found = cost_of(costs=costs, choice=best.choose(score)).sum()
    edges = [*sorted(set(scores)), np.inf]
    for lower in edges:
        for upper in (one for one in edges if one >= lower):
            pair = Thresholds(verify_from=lower, escalate_from=upper)
            assert found <= cost_of(costs=costs, choice=pair.choose(score)).sum() + 1e-9


def test_thresholds_choose_by_score() -> None:
    chosen = Thresholds(verify_from=0.3, escalate_from=0.7).choose(np.array([0.1, 0.3, 0.69, 0.7]))
    assert chosen.tolist() == [ARCHIVE, VERIFY, VERIFY, ESCALATE]


def test_the_configuration_is_published_and_survives_json() -> None:
    settings = SimulationSettings(days=7)
    assert decode(SimulationSettings, encode(settings)) == settings
    assert "days" in plain_settings(settings)


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": 0},
        {"least_cameras": 5, "most_cameras": 4},
        {"alerts_per_camera_and_day": 0.0},
        {"camera_spread": -0.1},
        {"inconclusive_share": 1.0},
        {"detectors": ()},
    ],
)
def test_settings_refuse_nonsense(wrong) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        SimulationSettings(**wrong)


def test_a_behaviour_refuses_nonsense() -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        replace(BEHAVIOURS[0], sequence=(0.5, 0.5, 0.5, 0.5))
    with pytest.raises(ValueError, match="numbers are needed"):
        replace(BEHAVIOURS[0], clear=(0.5,))


def test_past_labels_are_biased_towards_high_scores_and_say_so() -> None:
    history = simulate(seed=5, settings=SMALL)
    labels = past_labels(history=history)
    watched = labels.sampling_probability == 1
    assert set(np.unique(labels.sampling_probability)) == {0.1, 1.0}
    assert (~np.isnan(labels.theft[watched])).mean() > 0.9
    assert (~np.isnan(labels.theft[~watched])).mean() == pytest.approx(0.1, abs=0.03)
    assert history.theft[watched].mean() > history.theft.mean()
    told = ~np.isnan(labels.theft)
    assert (labels.labelled_at[told] >= history.table.at[told]).all()


def test_records_carry_what_an_import_reads() -> None:
    history = simulate(seed=5, settings=SMALL)
    labels = past_labels(history=history)
    records = list(records_of(history=history, labels=labels))
    assert len(records) == len(history)
    assert len({one["external_id"] for one in records}) == len(history)
    for row, one in enumerate(records):
        assert (one["verdict"] == "") == bool(np.isnan(labels.theft[row]))
        assert (one["labelled_at"] is None) == (one["verdict"] == "")
        assert (one["verdict"] == "theft_confirmed") == (labels.theft[row] == 1)
