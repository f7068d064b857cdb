"""P(theft) learned from labels that the product's own decisions bought."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.triage.decoding import decode, encode
from apps.triage.probability import UNIFORM_PRIOR, ProbabilityBasis
from apps.triage.tables import AlertTable, Labels, concatenated
from apps.triage.theft_model import TheftModel, fit_theft_model, probability_of
from apps.triage.theft_model_settings import TheftModelSettings
from tests.triage.learning import DAY, SIGNALS, biased_labels, made_store

AS_OF = 30 * DAY


@pytest.fixture(scope="module")
def store():
    return made_store(seed=3, size=5000)


@pytest.fixture(scope="module")
def labels(store):
    table, probability, theft = store
    return biased_labels(table=table, guess=probability, theft=theft, seed=4)


@pytest.fixture(scope="module")
def model(store, labels):
    return fit_theft_model(table=store[0], labels=labels, as_of=AS_OF)


def same(left, right, *, within=0.0):
    for name in ("mean", "low", "high"):
        np.testing.assert_allclose(getattr(left, name), getattr(right, name), rtol=0, atol=within)


def test_comes_close_to_the_truth_on_alerts_it_has_not_seen(model):
    table, probability, theft = made_store(seed=77, size=4000)
    found = model.predict(table)
    assert found.calibrated.all()
    truth = np.mean((probability - theft) ** 2)
    chance = np.mean((theft.mean() - theft) ** 2)
    mine = np.mean((found.mean - theft) ** 2)
    assert (chance - mine) / (chance - truth) > 0.85
    assert abs(found.mean.mean() - probability.mean()) < 0.04


def test_the_interval_holds_the_true_probability_most_of_the_time(model):
    table, probability, _ = made_store(seed=78, size=4000)
    found = model.predict(table)
    inside = (probability >= found.low) & (probability <= found.high)
    assert inside.mean() > 0.7
    assert (found.high - found.low).mean() < 0.4


def test_json_and_back_predicts_the_same_to_the_bit(model, store):
    again = decode(TheftModel, json.loads(json.dumps(encode(model))))
    same(again.predict(store[0]), model.predict(store[0]))
    assert again == model


def test_labels_after_as_of_change_nothing(model, store, labels):
    late = labels.labelled_at > AS_OF
    assert late.sum() > 50
    flipped = replace(labels, theft=np.where(late, 1 - labels.theft, labels.theft))
    assert fit_theft_model(table=store[0], labels=flipped, as_of=AS_OF) == model


def test_alerts_after_as_of_change_nothing(model, store, labels):
    table = store[0]
    late = table.at > AS_OF
    moved = replace(
        table,
        score=np.where(late, 0.999, table.score),
        signals=np.where(late[:, None], 40.0, table.signals),
    )
    assert fit_theft_model(table=moved, labels=labels, as_of=AS_OF) == model


def test_the_order_of_rows_changes_nothing(model, store, labels):
    rows = np.random.default_rng(5).permutation(len(store[0]))
    other = fit_theft_model(table=store[0].where(rows), labels=labels.where(rows), as_of=AS_OF)
    before = model.predict(store[0])
    same(other.predict(store[0]), before, within=1e-6)
    after = model.predict(store[0].where(rows))
    np.testing.assert_allclose(after.mean, before.mean[rows], rtol=0, atol=1e-9)


def test_a_duplicated_table_predicts_the_same(model, store):
    twice = model.predict(concatenated([store[0], store[0]]))
    once = model.predict(store[0])
    np.testing.assert_allclose(twice.mean, np.tile(once.mean, 2), rtol=0, atol=1e-9)
    np.testing.assert_allclose(twice.low, np.tile(once.low, 2), rtol=0, atol=1e-9)


def test_one_alert_alone_gets_what_it_gets_among_others(model, store):
    whole = model.predict(store[0])
    for row in (0, 17, 900):
        one = probability_of(model, store[0].where(np.array([row])))
        assert one.basis is ProbabilityBasis.CALIBRATED
        assert one.label_count == model.facts("watch@1").label_count
        assert one.mean == pytest.approx(whole.mean[row], abs=1e-9)


def test_contributions_sum_to_the_log_odds_that_the_mean_follows(model, store):
    parts = model.contributions(store[0])
    mean = model.predict(store[0]).mean
    order = np.argsort(parts.total)
    assert np.corrcoef(parts.total, np.log(mean / (1 - mean)))[0, 1] > 0.99
    assert mean[order[-1]] > mean[order[0]]
    assert np.std(parts.score) > 0.5
    assert np.std(parts.segment) > 0.3


def test_a_camera_that_rings_in_vain_pulls_its_alerts_down(model):
    table, _, _ = made_store(seed=79, size=400)
    tilt = np.random.default_rng(1).standard_normal(8)
    mean = {}
    for name, camera in (("worst", np.argmin(tilt)), ("best", np.argmax(tilt))):
        moved = {**table.segments, "camera": np.full(len(table), f"camera-{camera}")}
        mean[name] = model.contributions(replace(table, segments=moved)).segment.mean()
    assert mean["worst"] + 1 < mean["best"]


def test_a_camera_never_seen_has_a_wider_interval(model, store):
    table = store[0]
    strange = {**table.segments, "camera": np.full(len(table), "camera-new")}
    known, unknown = model.predict(table), model.predict(replace(table, segments=strange))
    assert (unknown.high - unknown.low).mean() > 1.3 * (known.high - known.low).mean()


def test_a_detector_version_without_labels_keeps_the_prior_and_says_what_it_needs(model, store):
    table = store[0].where(slice(0, 3))
    other = replace(table, detector=np.array(["watch@1", "watch@2", "watch@2"]))
    found = model.predict(other)
    assert found.calibrated.tolist() == [True, False, False]
    assert found.mean[1] == UNIFORM_PRIOR.mean
    assert found.low[2] == UNIFORM_PRIOR.low
    assert model.facts("watch@2").labels_needed == 50
    alone = probability_of(model, other.where(slice(1, 2)))
    assert alone.basis is ProbabilityBasis.PRIOR
    assert alone.version == UNIFORM_PRIOR.version


def test_too_few_labels_are_not_a_calibration(store, labels):
    table = store[0]
    early = fit_theft_model(table=table, labels=labels, as_of=float(table.at[30]))
    facts = early.facts("watch@1")
    assert 0 < facts.label_count < 50
    assert facts.labels_needed >= 50 - facts.label_count
    assert not early.predict(table).calibrated.any()


def test_without_any_label_there_is_a_model_that_knows_nothing(store):
    table = store[0]
    none = np.full(len(table), np.nan)
    empty = Labels(
        theft=none,
        sampling_probability=np.ones(len(table)),
        labelled_at=np.full(len(table), np.inf),
    )
    model = fit_theft_model(table=table, labels=empty, as_of=AS_OF)
    assert model.label_count == 0
    assert (model.predict(table).mean == UNIFORM_PRIOR.mean).all()
    assert decode(TheftModel, json.loads(json.dumps(encode(model)))) == model


def test_an_empty_table_is_predicted_as_nothing(model, store):
    assert len(model.predict(store[0].where(slice(0, 0))).mean) == 0


def test_noise_in_the_judgements_is_taken_out(store):
    table, probability, theft = store
    rng = np.random.default_rng(9)
    said = np.where(theft == 1, rng.random(len(theft)) < 0.75, rng.random(len(theft)) < 0.02)
    noisy = Labels(
        theft=said.astype(float), sampling_probability=np.ones(len(theft)), labelled_at=table.at
    )
    aware = TheftModelSettings(sensitivity=0.75, specificity=0.98)
    naive = TheftModelSettings(sensitivity=1.0, specificity=1.0)
    gap = [
        abs(
            fit_theft_model(table=table, labels=noisy, as_of=40 * DAY, settings=one)
            .predict(table)
            .mean.mean()
            - probability.mean()
        )
        for one in (aware, naive)
    ]
    assert gap[0] < 0.03 < gap[1]


def test_tables_and_labels_of_different_lengths_are_refused(store, labels):
    with pytest.raises(ValueError, match="one row an alert"):
        fit_theft_model(table=store[0], labels=labels.where(slice(0, 3)), as_of=AS_OF)


@pytest.mark.parametrize(
    "wrong",
    [
        {"minimum_labels": 0},
        {"sensitivity": 0.5},
        {"half_life_days": 0.0},
        {"largest_weight": 0.5},
        {"signal_knots": -1},
    ],
)
def test_choices_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=r"\w"):
        TheftModelSettings(**wrong)


any_number = st.one_of(
    st.just(np.nan), st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([0.0, 1e308])
)


@st.composite
def strange_tables(draw):
    size = draw(st.integers(1, 12))
    word = st.sampled_from(["", "camera-1", "dark", "watch@1", "complete", "unknown", "ü"])
    column = st.lists(word, min_size=size, max_size=size).map(lambda w: np.array(w, dtype=np.str_))
    numbers = st.lists(any_number, min_size=size * 3, max_size=size * 3)
    score = st.one_of(st.just(np.nan), st.floats(0, 1))
    names = ("site", "camera", "zone_kind", "lighting", "daypart", "weekday", "crowding")
    return AlertTable(
        at=np.zeros(size),
        score=np.array(draw(st.lists(score, min_size=size, max_size=size))),
        detector=np.full(size, "watch@1"),
        label=draw(column),
        signal_names=(*SIGNALS, "never_seen"),
        signals=np.array(draw(numbers)).reshape(size, 3),
        sequence=draw(column),
        segments={name: draw(column) for name in (*names, "detector_version")},
    )


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(table=strange_tables())
def test_whatever_comes_in_probabilities_stay_in_range_and_ordered(model, table):
    found = model.predict(table)
    assert ((found.low >= 0) & (found.high <= 1)).all()
    assert ((found.low <= found.mean) & (found.mean <= found.high)).all()
    assert np.isfinite(model.contributions(table).total).all()


@settings(deadline=None, max_examples=15)
@given(table=strange_tables(), copies=st.integers(1, 12), data=st.data())
def test_whatever_it_learns_from_the_result_is_defined(table, copies, data):
    many = concatenated([table] * copies)
    theft = data.draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=len(many), max_size=len(many)))
    labels = Labels(
        theft=np.array(theft),
        sampling_probability=np.full(len(many), 0.5),
        labelled_at=np.zeros(len(many)),
    )
    learned = fit_theft_model(
        table=many,
        labels=labels,
        as_of=1.0,
        settings=TheftModelSettings(minimum_labels=1, minimum_of_each=1),
    )
    found = learned.predict(many)
    assert ((found.low >= 0) & (found.low <= found.mean)).all()
    assert ((found.mean <= found.high) & (found.high <= 1)).all()
