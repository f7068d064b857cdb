"""The surrogate's rule and the counterfactual in words, for every state they can be in."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.triage.assessment import assess, read_record, recompute, record_json
from apps.triage.counterfactual import ScoredBy, counterfactual, surrogate_counterfactual
from apps.triage.explained_rule import clearing_lines, rule_lines
from apps.triage.explanation import DRIFT_WORDS, explain
from apps.triage.fairness import judge_invariance
from apps.triage.findings import CounterfactualMethod, CounterfactualState
from apps.triage.segments import Drift
from tests.triage.test_assessment import known_reliability, sound_inputs
from tests.triage.test_surrogate import SCENE, alerts, fitted, labels_for, seen

MODEL = ScoredBy(method=CounterfactualMethod.MODEL, version="ours-1")
TWIN = fitted(alerts(count=800))
ALERT = seen(item_taken=0.9, hand_to_bag=0.9)


@pytest.fixture(scope="module")
def twin():
    table = alerts()
    return fitted(table, labels=labels_for(table, 1.0))


def lines(finding):
    return rule_lines(finding, detector="acme 1", least_labels=12)


def test_a_rule_in_words_with_everything_that_is_known_of_it(twin):
    finding = twin.explain(label="item_to_bag", signals=ALERT, segment=SCENE, score=0.8)
    said = lines(replace(finding, precision=0.31, low=0.24, high=0.394, label_count=88))
    assert said.rule == "Hand to a bag ≥ 0.6 and item taken from the shelf ≥ 0.4"
    assert said.precision == "Of the labelled ones 31 of 100 were confirmed (24–39), 88 labels."
    assert said.answer == "Alerts under it are mostly raised (score ≥ 0.5), as here."
    assert said.support == f"{finding.support} of 4,000 alerts of this kind fell under this rule."
    assert "1,000 held out" in said.fidelity
    assert "Cohen's kappa" in said.baseline
    assert (said.not_reliable, said.absent) == ("", "")


def test_few_labels_are_not_known_yet_whatever_they_say(twin):
    finding = twin.explain(label="item_to_bag", signals=ALERT, segment=SCENE, score=0.8)
    said = lines(replace(finding, label_count=6))
    assert said.precision == "How many of them were confirmed is not known yet (6 labels)."


def test_a_rule_that_contradicts_the_detector_says_so(twin):
    contradicting = lines(
        twin.explain(label="item_to_bag", signals=ALERT, segment=SCENE, score=0.2)
    )
    assert contradicting.answer.endswith("but this one was not: the rule does not explain it.")
    missed = lines(twin.explain(label="item_to_bag", signals=(), segment=SCENE, score=0.8))
    assert missed.answer == (
        "Alerts under it are mostly not raised (score ≥ 0.5), but this one was: the rule does not "
        "explain it."
    )
    unscored = lines(twin.explain(label="item_to_bag", signals=(), segment=SCENE, score=None))
    assert unscored.answer.endswith("this one came without a score.")


def test_no_surrogate_is_said_to_be_none():
    said = lines(None)
    assert said.absent.startswith("No surrogate model yet: no rule has been fitted to what acme 1")
    assert (said.rule, said.precision, said.fidelity) == ("", "", "")


def test_why_a_surrogate_is_not_reliable(twin):
    finding = twin.explain(label="item_to_bag", signals=ALERT, segment=SCENE, score=0.8)
    low = lines(replace(finding, reliable=False, fidelity=0.8999, fidelity_low=0.8))
    assert low.not_reliable.endswith("less often than 90 of 100 times.")
    assert "89.9 of 100" in low.fidelity
    idle = lines(replace(finding, reliable=False))
    assert idle.not_reliable.endswith("always giving the more frequent answer.")


def scored(score_of, signals, threshold=0.5, **change):
    return clearing_lines(
        counterfactual(
            score_of=score_of, signals=signals, threshold=threshold, scored_by=MODEL, **change
        )
    )


def falling(values):
    return 0.4 * np.nansum(values, axis=1)


def test_what_would_clear_it_by_the_detector_itself():
    said = scored(falling, {"reach": 1.0, "crouch": 1.0})
    assert said.verdict == "Without reach it is not raised".replace("reach", "arm reaching out")
    assert said.method == "Worked out scored again by the detector itself (ours-1)."
    assert said.scale == "The detector's score; below 0.50 an alert is not raised."
    assert [(chip.words, chip.score, chip.clears) for chip in said.chips] == [
        ("without arm reaching out", "0.40", True),
        ("without body lowered", "0.40", True),
    ]


def test_two_signals_together():
    said = scored(falling, {"reach": 1.0, "crouch": 1.0}, threshold=0.3)
    assert said.verdict == "Without arm reaching out and body lowered it is not raised"
    assert said.together == "Without arm reaching out and body lowered together: 0.00."
    assert not any(chip.clears for chip in said.chips)


def test_a_search_that_was_not_complete_says_so():
    many = {f"act_{number}": 1.0 for number in range(4)}
    assert scored(falling, many, most_exact=2, threshold=0.5).search.startswith(
        "Not proven smallest"
    )
    stuck = scored(lambda values: np.full(len(values), 0.9), many, most_exact=2)
    assert stuck.search == "Not every set was tried: there are too many signals."


@pytest.mark.parametrize(
    ("score", "signals", "verdict"),
    [
        (0.9, {}, "None found: no behaviour signal was observed that could be taken away"),
        (0.9, {"reach": 1.0}, "None found: taking away observed signals does not clear it"),
        (0.1, {"reach": 1.0}, "It is below the threshold"),
        (float("nan"), {"reach": 1.0}, "Not known: no score could be computed"),
    ],
)
def test_every_other_outcome_has_its_words(score, signals, verdict):
    assert scored(lambda values: np.full(len(values), score), signals).verdict == verdict


def test_nothing_to_score_with_is_said():
    said = clearing_lines(None)
    assert said.verdict.startswith("Not known yet")
    assert (said.method, said.chips) == ("", ())


def test_through_a_poor_surrogate_a_counterfactual_is_marked(twin):
    finding = surrogate_counterfactual(
        surrogate=twin, label="item_to_bag", signals=ALERT, segment=SCENE, fidelity_floor=1.0
    )
    assert finding.state is CounterfactualState.FOUND
    assert clearing_lines(finding).not_reliable.startswith("Not reliable")
    raised_not = surrogate_counterfactual(
        surrogate=twin, label="item_to_bag", signals=(), segment=SCENE
    )
    assert clearing_lines(raised_not).verdict == "By the rule it is not raised at all"


def test_a_record_with_its_rule_survives_storage_and_recomputes(twin):
    inputs = sound_inputs(
        surrogate=twin.explain(label="item_to_bag", signals=ALERT, segment=SCENE, score=0.93),
        counterfactual=surrogate_counterfactual(
            surrogate=twin, label="item_to_bag", signals=ALERT, segment=SCENE
        ),
        simulated=("surrogate",),
    )
    record = assess(inputs=inputs)
    assert read_record(record_json(record)) == record
    assert recompute(record) == record
    assert record.versions["surrogate"] == "sur-1"
    assert record.decision == assess(inputs=sound_inputs()).decision
    words = explain(record)
    assert words.rule.version == "sur-1"
    assert words.simulated == (
        "Simulated: the rule was learned from simulated alerts, in whole or in part."
    )


def test_only_what_is_fitted_can_rest_on_simulated_alerts():
    with pytest.raises(ValueError, match="simulated"):
        sound_inputs(simulated=("clip",))


def test_every_drift_has_words():
    assert set(DRIFT_WORDS) == set(Drift)
    rising = replace(known_reliability(), drift=Drift.RISING)
    words = explain(assess(inputs=sound_inputs(reliability=rising)))
    assert words.drift == "Drift: more alerts are false here than some weeks ago."


def test_the_basis_names_the_calibrator_and_its_labels():
    assert explain(assess(inputs=sound_inputs())).basis == (
        "Calibrated on 412 labels, version cal-3."
    )


@given(
    st.dictionaries(
        st.sampled_from(["item_taken", "hand_to_bag", "reach", "dancing"]), st.floats(-5, 5)
    ),
    st.one_of(st.none(), st.floats(0, 1)),
)
@settings(max_examples=60)
def test_whatever_was_observed_the_words_are_defined(values, score):
    twin = TWIN
    finding = twin.explain(label="item_to_bag", signals=seen(**values), segment=SCENE, score=score)
    clearing = surrogate_counterfactual(
        surrogate=twin, label="item_to_bag", signals=seen(**values), segment=SCENE
    )
    record = assess(inputs=sound_inputs(surrogate=finding, counterfactual=clearing))
    assert recompute(read_record(record_json(record))) == record
    words = explain(record)
    texts = [*vars(words.rule).values(), words.clearing.verdict, words.clearing.scale]
    assert not any("nan" in text or "inf" in text for text in texts)
    assert words.clearing.verdict


def test_a_signal_is_compared_with_what_is_usual_at_its_place():
    dwell = replace(seen(dwell_in_view=60.0)[0], segment_mean=15.0)
    lines = explain(assess(inputs=sound_inputs(signals=(dwell, *ALERT)))).signals
    assert [line.usual for line in lines] == ["4.0 times what is usual in these conditions", "", ""]
    unusual = replace(dwell, segment_mean=0.0)
    assert explain(assess(inputs=sound_inputs(signals=(unusual,)))).signals[0].usual == ""


def test_a_segment_that_borrows_its_evidence_says_how_much():
    borrowing = replace(known_reliability(), borrowed=0.39)
    words = explain(assess(inputs=sound_inputs(reliability=borrowing)))
    assert words.segment.endswith(
        "green. 39 of 100 of this evidence is borrowed from the camera, the site, the network and "
        "like conditions."
    )


def test_every_change_of_appearance_is_shown_with_what_it_did_to_the_score():
    finding = judge_invariance(
        score=0.9,
        changed={"clothing hue": 0.9, "skin tone 9": 0.78},
        tolerance=0.05,
        method="6 frames × 2 changes",
    )
    words = explain(assess(inputs=sound_inputs(fairness=finding)))
    assert [(one.words, one.move, one.too_far) for one in words.fairness.tried] == [
        ("clothing hue", "0.00", False),
        ("skin tone 9", "−0.12", True),
    ]
    assert words.fairness.allowed == "Allowed: 0.05 in either direction"
    assert explain(assess(inputs=sound_inputs())).fairness.tried == ()
