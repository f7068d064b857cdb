import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from sklearn.tree import DecisionTreeClassifier

from apps.triage.behaviour import NotBehaviour
from apps.triage.decoding import UnableToDecode, decode, encode
from apps.triage.findings import RuleCondition, SurrogateFinding
from apps.triage.rule_words import rule_words
from apps.triage.segments import Segment
from apps.triage.signals import Signal, Validity, ValidityState
from apps.triage.surrogate import (
    Surrogate,
    SurrogateSettings,
    UnableToFit,
    feature_matrix,
    fit_surrogate,
    is_reliable,
    strongest,
)
from apps.triage.surrogate_evidence import cohens_kappa, fidelity_of, share_interval
from apps.triage.surrogate_tree import RAISES, RuleTree, kept_tree
from apps.triage.tables import DIMENSIONS, AlertTable, Labels, concatenated

NAMES = ("item_taken", "hand_to_bag", "reach")
SCENE = Segment(camera="c-1", detector_version="1", lighting="low")
MEASURED = Validity(state=ValidityState.MEASURED, statistic="auc", figure=0.8, null=0.5)


def table_of(values, score, *, at=None, names=NAMES, lighting="low"):
    count = len(values)
    segments = {name: np.full(count, "") for name in DIMENSIONS}
    return AlertTable(
        at=np.arange(count, dtype=float) if at is None else at,
        score=np.asarray(score, dtype=float),
        detector=np.full(count, "acme@1"),
        label=np.full(count, "item_to_bag"),
        signal_names=names,
        signals=np.asarray(values, dtype=float),
        sequence=np.full(count, "unknown"),
        segments={**segments, "lighting": np.full(count, lighting)},
    )


def alerts(count=4000, seed=3, missing=0.1):
    """A detector that raises when an item was taken and a hand went to a bag, but for 3 of 1000."""
    rng = np.random.default_rng(seed)
    values = rng.random((count, 3)).round(3)
    values[rng.random(values.shape) < missing] = np.nan
    taken, to_bag, reach = np.nan_to_num(values).T
    raised = (taken >= 0.4) & (to_bag >= 0.6)
    raised ^= rng.random(count) < 0.003
    score = np.clip(np.where(raised, 0.8, 0.2) + 0.1 * (reach - 0.5), 0, 1)
    return table_of(values, score, lighting=np.where(rng.random(count) < 0.3, "low", "normal"))


def fitted(table=None, labels=None, as_of=math.inf, **change):
    table = alerts() if table is None else table
    return fit_surrogate(
        table=table,
        labels=labels,
        as_of=min(as_of, 1e9),
        version="sur-1",
        settings=SurrogateSettings(**change),
    )


def seen(**values):
    return tuple(
        Signal(name=name, value=value, validity=MEASURED) for name, value in values.items()
    )


def labels_for(table, theft, *, sampled=1.0, labelled_at=0.0):
    count = len(table)
    return Labels(
        theft=np.broadcast_to(np.asarray(theft, dtype=float), count).copy(),
        sampling_probability=np.broadcast_to(np.asarray(sampled, dtype=float), count).copy(),
        labelled_at=np.broadcast_to(np.asarray(labelled_at, dtype=float), count).copy(),
    )


def test_a_simple_detector_is_imitated_and_its_rule_said_in_words():
    twin = fitted()
    assert twin.fidelity.share > 0.99
    assert twin.reliable
    found = twin.explain(
        label="item_to_bag",
        signals=seen(item_taken=0.9, hand_to_bag=0.9),
        segment=SCENE,
        score=0.85,
    )
    assert found.raises
    assert found.agrees
    assert "item taken from the shelf ≥ 0.4" in found.rule
    assert "hand to a bag ≥ 0.6" in found.rule
    assert not twin.explain(label="item_to_bag", signals=(), segment=SCENE, score=0.85).agrees


def test_the_fidelity_is_measured_on_later_alerts_than_those_fitted():
    table = alerts()
    later = table.at >= 3000
    turned = replace(table, score=np.where(later, 1 - table.score, table.score))
    twin = fitted(turned)
    assert twin.fitted_until == 2999
    assert twin.fidelity.held_out == 1000
    assert twin.fidelity.share < 0.1
    assert not twin.reliable


def test_nothing_later_than_as_of_is_looked_at():
    table = alerts()
    future = np.where(table.at > 1999, 1 - table.score, table.score)
    assert fitted(replace(table, score=future), as_of=1999) == fitted(table, as_of=1999)


def test_a_verdict_from_the_future_is_not_known_yet():
    table = alerts()
    late = labels_for(table, 1, labelled_at=np.where(table.at < 50, 10.0, 1e6))
    twin = fitted(table, labels=late, as_of=3999)
    assert sum(rule.label_count for rule in twin.parts[0].rules) == 50


def test_alerts_of_one_moment_are_all_fitted_or_all_held_out():
    table = replace(alerts(), at=np.repeat(np.arange(8.0), 500))
    twin = fitted(table)
    assert twin.fitted_until == 5
    assert twin.fidelity.held_out == 1000


def test_each_rule_has_its_support_and_what_the_labels_say_of_it():
    table = alerts()
    taken, to_bag, _ = np.nan_to_num(table.signals).T
    theft = (taken >= 0.4) & (to_bag >= 0.6)
    twin = fitted(table, labels=labels_for(table, theft.astype(float)))
    assert sum(rule.support for rule in twin.parts[0].rules) == twin.alert_count == 4000
    found = twin.explain(
        label="item_to_bag", signals=seen(item_taken=0.9, hand_to_bag=0.9), segment=SCENE, score=0.8
    )
    assert found.label_count == found.support > 200
    assert found.precision == 1
    assert found.low < 1 == found.high


def test_a_precision_is_weighted_by_the_inverse_sampling_probability():
    table = alerts()
    odd = np.arange(len(table)) % 2 == 1
    twin = fitted(
        table,
        labels=labels_for(table, odd.astype(float), sampled=np.where(odd, 1.0, 0.1)),
        depth=1,
    )
    for rule in twin.parts[0].rules:
        assert rule.precision == pytest.approx(1 / 11, abs=0.02)
        assert rule.low < rule.precision < rule.high


def test_each_kind_of_act_has_its_own_rules():
    bags = alerts(count=4000)
    clothes = replace(
        alerts(count=4000, seed=4),
        at=np.arange(4000) + 0.5,
        label=np.full(4000, "item_to_clothing"),
    )
    clothes = replace(clothes, score=np.where(clothes.signals[:, 2] >= 0.7, 0.9, 0.1))
    rare = replace(alerts(count=90, seed=5), label=np.full(90, "checkout_skip"))
    twin = fitted(concatenated([bags, clothes, rare]))
    assert [part.label for part in twin.parts] == ["item_to_bag", "item_to_clothing", ""]
    assert [part.alert_count for part in twin.parts] == [4000, 4000, 90]
    assert twin.fidelity.share > 0.98
    reaching = {"signals": seen(reach=0.9), "segment": SCENE, "score": 0.8}
    assert twin.explain(label="item_to_clothing", **reaching).raises
    assert not twin.explain(label="item_to_bag", **reaching).raises
    rarer = twin.explain(label="checkout_skip", **reaching)
    assert (rarer.label, rarer.alert_count) == ("", 90)
    assert twin.explain(label="never_seen", **reaching) == rarer
    assert (twin.raises(clothes) == (clothes.score >= 0.5)).mean() > 0.99


def test_a_label_without_later_alerts_shows_the_fidelity_of_all():
    early = replace(
        alerts(count=900, seed=6), at=np.linspace(0, 900, 900), label=np.full(900, "dancing")
    )
    twin = fitted(concatenated([alerts(), early]))
    assert twin.part_of("dancing").fidelity is None
    assert twin.fidelity_of("dancing") == twin.fidelity


def test_without_labels_no_precision_is_stated():
    found = fitted().explain(label="item_to_bag", signals=(), segment=SCENE, score=None)
    assert (found.label_count, found.precision, found.low, found.high) == (0, None, None, None)
    assert found.agrees is None


def test_below_the_floor_a_surrogate_is_not_reliable():
    twin = fitted(fidelity_floor=1.0)
    assert not twin.reliable
    assert not twin.explain(label="item_to_bag", signals=(), segment=SCENE, score=0.1).reliable
    assert twin.explain(
        label="item_to_bag", signals=(), segment=SCENE, score=0.1, fidelity_floor=0.9
    ).reliable


def test_a_surrogate_no_better_than_the_more_frequent_answer_is_not_reliable():
    rng = np.random.default_rng(5)
    noise = table_of(rng.random((4000, 3)), np.where(rng.random(4000) < 0.03, 0.9, 0.1))
    twin = fitted(noise, raised_threshold=0.5)
    assert twin.fidelity.majority > 0.95
    assert not is_reliable(twin.fidelity, floor=0.5)


def test_no_rule_rests_on_identity_looks_or_place():
    table = alerts()
    telling = np.column_stack([table.signals, table.score])
    twin = fitted(replace(table, signal_names=(*NAMES, "skin_tone"), signals=telling))
    assert "skin_tone" not in twin.features
    with pytest.raises(NotBehaviour):
        replace(twin, signals=("face_match", *twin.signals[1:]))
    with pytest.raises(ValueError, match="no other"):
        SurrogateSettings(conditions=("camera",))


def test_the_threshold_is_a_half_where_both_sides_are_seen_else_the_median():
    assert fitted().score_threshold == 0.5
    table = alerts()
    high = replace(table, score=0.6 + 0.4 * table.score)
    assert fitted(high).score_threshold == pytest.approx(np.median(high.score[:3000]))
    assert fitted(table, raised_threshold=0.3).score_threshold == 0.3


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (alerts(300), "400 are needed"),
        (table_of(np.zeros((500, 3)), np.full(500, 0.7)), "nothing to imitate"),
        (replace(alerts(), score=np.full(4000, np.nan)), "0 alerts"),
        (replace(alerts(), at=np.zeros(4000)), "no later alerts"),
        (replace(alerts(), detector=np.repeat(["a@1", "a@2"], 2000)), "several"),
    ],
)
def test_what_cannot_be_fitted_says_why(table, why):
    with pytest.raises(UnableToFit, match=why):
        fitted(table)


def test_a_detector_that_sends_no_behaviour_signal_has_no_surrogate():
    bare = table_of(np.empty((500, 0)), np.linspace(0, 1, 500), names=())
    with pytest.raises(UnableToFit, match="no behaviour signal"):
        fitted(bare, conditions=())


def test_of_one_name_the_strongest_signal_with_weight_counts():
    weightless = Signal(
        name="reach",
        value=1.0,
        validity=Validity(state=ValidityState.NO_EVIDENTIAL_WEIGHT),
    )
    assert strongest([*seen(reach=0.2), *seen(reach=0.4), weightless]) == {"reach": 0.4}


def test_a_surrogate_survives_storage():
    table = alerts()
    twin = fitted(table, labels=labels_for(table, 1))
    stored = decode(Surrogate, json.loads(json.dumps(encode(twin))))
    assert stored == twin
    assert (stored.raises(table) == twin.raises(table)).all()
    found = twin.explain(label="item_to_bag", signals=seen(reach=0.3), segment=SCENE, score=0.7)
    assert decode(SurrogateFinding, json.loads(json.dumps(encode(found)))) == found


@pytest.mark.parametrize(
    "change",
    [
        {"left": [2, -1, -1]},
        {"left": [0, -1, -1]},
        {"feature": [7, -1, -1]},
        {"raised": [2, 0, 1]},
        {"count": [1]},
        {"threshold": ["a", None, None]},
    ],
)
def test_a_stored_tree_that_is_none_is_refused(change):
    twin = fitted(depth=1)
    stored = encode(twin)
    part = stored["parts"][0]
    parts = [{**part, "tree": {**part["tree"], **change}}, *stored["parts"][1:]]
    with pytest.raises(UnableToDecode):
        decode(Surrogate, {**stored, "parts": parts})


def test_the_same_alerts_in_another_order_give_the_same_surrogate():
    table = alerts()
    order = np.random.default_rng(8).permutation(len(table))
    assert fitted(table.where(order)) == fitted(table)


# What scikit-learn grew, what we keep, and what we say are one rule.

cells = st.one_of(st.sampled_from([math.nan, 0.0, 0.1, 0.5, 1.0]), st.floats(-10, 10))


@st.composite
def grown(draw):
    count, width = draw(st.integers(6, 60)), draw(st.integers(1, 4))
    flat = draw(st.lists(cells, min_size=count * width, max_size=count * width))
    raised = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    values, answers = np.array(flat).reshape(count, width), np.array(raised)
    if len(set(raised)) < 2 or np.isnan(values).all():
        values, answers = np.linspace(0, 1, 12).reshape(6, 2), np.arange(6) > 2
    depth = draw(st.integers(1, 7))
    model = DecisionTreeClassifier(criterion="entropy", max_depth=depth, random_state=0)
    return model.fit(values, answers), values, answers


@given(grown())
@settings(max_examples=200, deadline=None)
def test_the_kept_tree_answers_exactly_as_scikit_learn_on_what_was_fitted(case):
    model, values, raised = case
    kept = kept_tree(fitted=model, values=values, raised=raised)
    ours = kept.raised_share(values) >= RAISES
    assert (ours == (model.predict_proba(values)[:, 1] >= RAISES)).all()
    assert decode(RuleTree, json.loads(json.dumps(encode(kept)))) == kept


@given(grown(), st.lists(st.lists(cells, min_size=4, max_size=4), min_size=1, max_size=20))
@settings(max_examples=200, deadline=None)
def test_a_rule_covers_exactly_its_leaf(case, rows):
    model, values, raised = case
    kept = kept_tree(fitted=model, values=values, raised=raised)
    names = tuple(f"act_{index}" for index in range(values.shape[1]))
    rules = {leaf: kept.rule(leaf, features=names, signal_count=len(names)) for leaf in kept.leaves}
    probes = np.vstack([np.array(rows)[:, : len(names)], values[:5]])
    for row, leaf in zip(probes, kept.leaf_of(probes), strict=True):
        at = dict(zip(names, row, strict=True))
        holding = [one for one, rule in rules.items() if all(c.holds(at[c.feature]) for c in rule)]
        assert holding == [leaf]
    for rule in rules.values():
        assert len({one.feature for one in rule}) == len(rule)


@given(grown())
@settings(max_examples=50, deadline=None)
def test_what_was_counted_adds_up(case):
    model, values, raised = case
    kept = kept_tree(fitted=model, values=values, raised=raised)
    assert kept.count[0] == len(values)
    assert sum(kept.count[leaf] for leaf in kept.leaves) == len(values)
    for node in range(len(kept.feature)):
        if kept.feature[node] >= 0:
            assert kept.count[node] == kept.count[kept.left[node]] + kept.count[kept.right[node]]


@given(grown())
@settings(max_examples=50, deadline=None)
def test_siblings_never_give_the_same_answer_for_nothing(case):
    model, values, raised = case
    kept = kept_tree(fitted=model, values=values, raised=raised)
    for node in range(len(kept.feature)):
        children = (kept.left[node], kept.right[node])
        if kept.feature[node] >= 0 and all(kept.feature[child] < 0 for child in children):
            assert len({kept.raised[child] >= RAISES for child in children}) == 2


def test_bounds_that_single_precision_cannot_tell_apart_go_the_same_way():
    values = np.array([[0.1], [0.1 + 1e-12], [0.2], [0.2 + 1e-12]] * 5)
    raised = np.array([False, False, True, True] * 5)
    model = DecisionTreeClassifier(random_state=0).fit(values, raised)
    kept = kept_tree(fitted=model, values=values, raised=raised)
    assert kept.threshold[0] == 0.2 or 0.1 + 1e-12 < kept.threshold[0] < 0.2
    assert ((kept.raised_share(values) >= RAISES) == raised).all()


def condition(**bounds):
    return RuleCondition(feature="hand_to_bag", **bounds)


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ([], "any alert"),
        ([condition(at_least=0.62)], "hand to a bag ≥ 0.62"),
        ([condition(below=0.4, or_missing=True)], "hand to a bag < 0.4 or not observed"),
        ([condition(at_least=0.2, below=0.4)], "0.2 ≤ hand to a bag < 0.4"),
        ([condition(or_missing=True, observed=False)], "hand to a bag not observed"),
        ([condition()], "hand to a bag observed"),
        (
            [
                condition(at_least=2),
                RuleCondition(feature="lighting low", below=0.5, is_signal=False),
                RuleCondition(feature="crowding high", at_least=0.5, is_signal=False),
            ],
            "hand to a bag ≥ 2 and not lighting low and crowding high",
        ),
    ],
)
def test_rules_in_words(conditions, words):
    assert rule_words(conditions) == words


@pytest.mark.parametrize(
    "nonsense",
    [
        {"at_least": 0.4, "below": 0.4},
        {"at_least": math.nan},
        {"observed": False},
        {"observed": False, "or_missing": True, "below": 1.0},
    ],
)
def test_a_condition_refuses_nonsense(nonsense):
    with pytest.raises(ValueError, match=r"."):
        condition(**nonsense)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=50))
def test_fidelity_stays_in_range_and_kappa_is_cohens(pairs):
    answer, raised = (np.array(one) for one in zip(*pairs, strict=True))
    found = fidelity_of(answer=answer, raised=raised)
    assert 0 <= found.low <= found.share <= found.high <= 1
    assert 0.5 <= found.majority <= 1
    ours = cohens_kappa(answer=answer, raised=raised)
    if len(set(answer) | set(raised)) == 2:
        assert ours == pytest.approx(cohen_kappa_score(answer, raised), abs=1e-9)
    else:
        assert ours == 0


@given(st.floats(0, 1), st.floats(0.5, 1e6))
def test_the_interval_of_a_share_holds_it(share, count):
    middle, low, high = share_interval(share, count)
    assert 0 <= low <= middle <= high <= 1
    assert middle == pytest.approx(share, abs=1e-11)


def test_the_table_and_a_single_alert_are_read_alike():
    table, twin = alerts(), fitted()
    matrix = feature_matrix(twin, table)
    for index in range(20):
        given_values = {
            name: value
            for name, value in zip(NAMES, table.signals[index], strict=True)
            if not math.isnan(value)
        }
        scene = replace(SCENE, lighting=str(table.segments["lighting"][index]))
        row = twin.row(signals=seen(**given_values), segment=scene)
        np.testing.assert_array_equal(row[0], matrix[index])
