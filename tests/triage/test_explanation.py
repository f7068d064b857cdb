from dataclasses import replace

import pytest
from hypothesis import given, settings

from apps.triage.assessment import assess
from apps.triage.economics import Option
from apps.triage.explanation import (
    OPTION_WORDS,
    OUTCOME_WORDS,
    SEQUENCE_WORDS,
    WEIGHT_WORDS,
    explain,
)
from apps.triage.fairness import FairnessFinding, FairnessState
from apps.triage.phrasing import money, money_range, of_100, of_100_range, times
from apps.triage.probability import UNIFORM_PRIOR
from apps.triage.segments import ReliabilityState, Segment, unknown_reliability
from apps.triage.sequence import SequenceState
from apps.triage.signals import Origin, ValidityState, read_signals
from apps.triage.vocabulary import label_words, signal_words
from tests.triage.test_assessment import (
    any_inputs,
    known_reliability,
    new_tenant_inputs,
    sound_inputs,
)


def explained(**change):
    return explain(assess(inputs=sound_inputs(**change)))


def test_a_calibrated_alert_in_words():
    words = explained()
    assert words.what_happened == "Item to bag, not to basket · complete sequence"
    assert words.sequence == "All steps were observed in order, as stated by the detector."
    assert words.trust == "14 of 100 alerts like this were false (9–21)."
    assert words.segment == (
        "In these conditions (high value, low, night): 14 of 100 were false (9–21), 88 labels, "
        "green."
    )
    assert words.verdict == "Escalate now"
    assert words.cost_sentence == (
        "Escalate now: €37 expected cost (€5.80–€129), €4.69 below the next allowed choice."
    )
    assert words.comparison == (
        "Against intervening unverified, €1,914 of expected loss is avoided: 25 times the item's "
        "value."
    )
    assert words.flips[0] == (
        "Verifying would be chosen if more than 16.6 of 100 alerts like this were false (now 14)."
    )
    assert words.flips[1] == (
        "Verifying would be chosen if the item were worth less than €63 (now €77)."
    )
    assert words.flips[2] == (
        "Verifying would be chosen if a wrong intervention cost more than €17,128 (now €13,936)."
    )
    assert words.priority == "€7.73 expected loss avoided / min"


def test_a_new_tenants_first_alert_says_what_is_not_known_yet():
    words = explain(assess(inputs=new_tenant_inputs()))
    assert words.what_happened == "Item to bag, not to basket · sequence not known"
    assert words.trust == (
        "How many alerts like this are false is not known yet (0 labels). "
        "The costs assume 50 of 100 (5–95)."
    )
    assert words.segment.endswith("not known yet (0 labels), 60 more needed.")
    assert words.verdict == "Verify the clip first"
    assert words.fairness.verdict == "Not assessable: This detector cannot be run again."
    assert words.flips == (
        "No change of costs would change this: the rules above leave no other choice.",
    )
    assert words.priority == "Expected loss avoided / min: not known yet (0 labels)"


def test_a_failed_fairness_check_proposes_no_strategy():
    failed = FairnessFinding(state=FairnessState.FAILED, reason="clothing hue moved it by 0.2.")
    words = explained(fairness=failed)
    assert words.verdict == "Review the model"
    assert words.cost_sentence == "No strategy is proposed until the model has been reviewed."
    assert words.fairness.verdict.endswith("clothing hue moved it by 0.2.")
    assert not any(line.chosen for line in words.costs)


def test_an_archived_alert_costs_no_minute():
    unlikely = replace(sound_inputs().probability, mean=0.1, low=0.05, high=0.2)
    assert explained(probability=unlikely).priority == "Archived: no operator minute is spent"


def test_a_red_segment_and_a_bare_camera_in_words():
    red = explained(reliability=known_reliability(0.31, ReliabilityState.RED))
    assert "31 of 100 were false (26–38), 88 labels, red." in red.segment
    bare = unknown_reliability(segment=Segment(camera="c", detector_version="1"), label_count=1)
    assert explained(reliability=bare).segment == "On this camera: not known yet (1 label)."


def test_the_four_bars_mark_the_chosen_one_and_the_one_for_comparison():
    lines = explained().costs
    assert [line.words for line in lines] == [OPTION_WORDS[one] for one in reversed(Option)]
    assert [line.comparison_only for line in lines] == [True, False, False, False]
    assert [line.chosen for line in lines] == [False, True, False, False]
    assert lines[1].parts == "€1.98 not recovered, €33 wrong interventions, €2 minutes"


def test_a_signal_below_its_null_is_shown_without_weight():
    found = read_signals({"dwell_long": 12}, origin=Origin.DETECTOR, source="acme")
    line = explained(signals=found).signals[0]
    assert (line.words, line.weight, line.counts) == (
        "dwell long",
        "observed, no evidential weight",
        False,
    )


def test_a_signal_says_why_it_weighs_or_not_and_a_time_is_said_in_seconds():
    why = "No zones are drawn on this camera."
    found = read_signals(
        [
            {"name": "dwell_at_shelf", "value": 12.04},
            {"name": "reach", "value": 0.8},
            {"name": "reach_to_shelf", "validity": {"state": "not_measurable", "note": why}},
        ],
        origin=Origin.OWN_INFERENCE,
        source="ours",
    )
    lines = explained(signals=found).signals
    assert [line.amount for line in lines] == ["12.0 s", "", ""]
    assert lines[0].why == "its source states no validity"
    assert lines[2].why == why


def test_the_same_reason_is_told_once_however_many_people_show_the_signal():
    people = [
        {"name": name, "value": 0.5, "track": track}
        for track in (1, 2)
        for name in ("reach", "crouch")
    ]
    found = read_signals(people, origin=Origin.OWN_INFERENCE, source="ours")
    assert [bool(line.why) for line in explained(signals=found).signals] == [
        True,
        True,
        False,
        False,
    ]


@given(any_inputs())
@settings(max_examples=50, deadline=None)
def test_every_record_can_be_said_in_words(inputs):
    words = explain(assess(inputs=inputs))
    sentences = [words.what_happened, words.trust, words.cost_sentence, *words.reasons]
    assert all(sentences)
    assert not any("nan" in text or "inf" in text for text in (*sentences, *words.flips))
    for line in words.costs:
        assert 0 <= line.low_share <= line.high_share <= 1
        assert 0 <= line.expected_share <= 1


def test_every_state_has_words():
    assert set(SEQUENCE_WORDS) == set(SequenceState)
    assert set(WEIGHT_WORDS) == set(ValidityState)
    assert set(OPTION_WORDS) == set(Option)
    assert len(OUTCOME_WORDS) == 4


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "€0"),
        (-0.001, "€0"),
        (2, "€2"),
        (7.729, "€7.73"),
        (19.999, "€20"),
        (41.4, "€41"),
        (-15.6, "−€15.60"),
        (13_935.9, "€13,936"),
    ],
)
def test_amounts_are_written_as_people_write_them(amount, words):
    assert money(amount, currency="EUR") == words


def test_numbers_in_words():
    assert money(41, currency="CHF") == "CHF 41"
    assert money_range(5.8, 129, currency="GBP") == "£5.80–£129"
    assert (of_100(0.14), of_100(0.166)) == ("14", "16.6")
    assert of_100_range(0.09, 0.211) == "9–21"
    assert (times(2.46), times(24.9)) == ("2.5 times", "25 times")


def test_unknown_names_are_shown_as_sent_but_readable():
    assert label_words("trolley_push_out") == "Trolley push out"
    assert label_words("") == "Unnamed act"
    assert signal_words("trolley_full") == "trolley full"


def test_the_prior_says_it_is_an_assumption():
    assert UNIFORM_PRIOR.source.startswith("Assumption")
