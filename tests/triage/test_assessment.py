import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.triage.assessment import (
    SCHEMA,
    AssessmentInputs,
    RecordAltered,
    assess,
    content_digest,
    read_record,
    recompute,
    record_json,
)
from apps.triage.canonical import canonical_digest, canonical_json
from apps.triage.cost_model import default_cost_model
from apps.triage.decision import Outcome
from apps.triage.decoding import UnableToDecode, encode
from apps.triage.fairness import FairnessFinding, FairnessState, not_assessable
from apps.triage.probability import UNIFORM_PRIOR, ProbabilityBasis, TheftProbability
from apps.triage.segments import (
    ReliabilityState,
    Segment,
    SegmentReliability,
    unknown_reliability,
)
from apps.triage.sequence import DEFAULT_POLICIES, policy_for
from apps.triage.signals import Origin, ValidityState, read_signals
from tests.triage.strategies import cost_models, policies, probabilities, shadow_prices, signals

FIGURES = {"statistic": "auc", "figure": 0.81, "null": 0.54, "samples": 240}
SEGMENT = Segment(
    camera="c-1", detector_version="1.2", zone_kind="high_value", lighting="low", daypart="night"
)
OBSERVED = [
    {
        "name": "item_taken",
        "value": 0.9,
        "start_seconds": 1.1,
        "end_seconds": 2,
        "validity": FIGURES,
    },
    {
        "name": "item_to_bag",
        "value": 2 / 3,
        "start_seconds": 3,
        "end_seconds": 13 / 3,
        "validity": FIGURES,
    },
]


def known_reliability(rate=0.14, state=ReliabilityState.GREEN):
    return SegmentReliability(
        state=state,
        segment=SEGMENT,
        false_positive_rate=rate,
        low=rate - 0.05,
        high=rate + 0.07,
        label_count=88,
        version="isa-4",
    )


def sound_inputs(**change):
    sound = {
        "alert_id": "6d2f1c1e-0000-4000-8000-000000000001",
        "label": "item_to_bag",
        "detector_id": "acme",
        "detector_version": "1.2",
        "score": 0.93,
        "signals": read_signals(OBSERVED, origin=Origin.DETECTOR, source="acme@1.2"),
        "sequence_policy": policy_for("item_to_bag", policies=DEFAULT_POLICIES),
        "probability": TheftProbability(
            mean=0.86,
            low=0.79,
            high=0.91,
            basis=ProbabilityBasis.CALIBRATED,
            version="cal-3",
            label_count=412,
        ),
        "reliability": known_reliability(),
        "fairness": FairnessFinding(state=FairnessState.PASSED, method="6 frames × 4 changes"),
        "has_viewable_clip": True,
        "cost_model": default_cost_model(),
        "model_digests": {"pose": "ab" * 32},
    }
    return AssessmentInputs(**{**sound, **change})


def new_tenant_inputs(**change):
    """What a first alert looks like: no calibrator, no labels, a detector that cannot be re-run."""
    first = {
        "probability": UNIFORM_PRIOR.probability(),
        "reliability": unknown_reliability(segment=SEGMENT, labels_needed=60),
        "fairness": not_assessable(reason="This detector cannot be run again."),
        "signals": (),
        "model_digests": {},
    }
    return sound_inputs(**{**first, **change})


def test_a_record_recomputes_to_itself():
    record = assess(inputs=sound_inputs())
    assert record.decision.outcome is Outcome.ESCALATE
    assert recompute(record) == record


def test_a_record_survives_storage_as_json():
    record = assess(inputs=sound_inputs(seed=7))
    stored = json.loads(json.dumps(record_json(record)))
    assert read_record(stored) == record
    assert recompute(read_record(stored)) == record


def test_the_digests_cover_the_inputs_and_everything_else():
    record = assess(inputs=sound_inputs())
    stored = record_json(record)
    assert record.inputs_digest == canonical_digest(stored["inputs"])
    assert record.digest == canonical_digest({k: v for k, v in stored.items() if k != "digest"})
    moved = assess(inputs=sound_inputs(score=0.94))
    assert moved.digest != record.digest
    assert moved.decision == record.decision


def test_the_record_names_every_version_it_rests_on():
    assert assess(inputs=sound_inputs()).versions == {
        "triage policy": "triage-1",
        "cost model": "default-1",
        "sequence policy": "item_to_bag-1",
        "probability": "cal-3",
        "reliability": "isa-4",
        "detector": "acme 1.2",
    }


def test_a_detectors_score_is_never_read_as_a_probability():
    low, high = (assess(inputs=new_tenant_inputs(score=score)) for score in (0.01, 1.0))
    assert low.decision == high.decision
    assert low.decision.outcome is Outcome.VERIFY


def test_signals_without_weight_change_nothing_but_the_record():
    with_none = assess(inputs=sound_inputs(signals=()))
    claimed = read_signals({"item_taken": 1, "item_to_bag": 1}, origin=Origin.DETECTOR, source="a")
    with_claims = assess(inputs=sound_inputs(signals=claimed))
    assert with_claims.decision == with_none.decision
    assert with_claims.sequence.state == with_none.sequence.state


def test_a_red_segment_blocks_escalation_even_at_score_one():
    certain = replace(sound_inputs().probability, mean=1.0, high=1.0)
    record = assess(
        inputs=sound_inputs(
            score=1.0,
            probability=certain,
            reliability=known_reliability(0.31, ReliabilityState.RED),
        )
    )
    assert record.decision.outcome is Outcome.VERIFY


@pytest.mark.parametrize(
    "path", [("decision", "outcome"), ("inputs", "score"), ("inputs", "policy", "version")]
)
def test_an_altered_record_is_refused(path):
    stored = record_json(assess(inputs=sound_inputs()))
    place = stored
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = "archive"
    with pytest.raises(RecordAltered):
        read_record(stored)


@pytest.mark.parametrize("raw", [None, [], "record"])
def test_what_is_no_record_is_refused(raw):
    with pytest.raises(UnableToDecode):
        read_record(raw)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"alert_id": ""},
        {"score": 1.01},
        {"score": math.nan},
        {"label": "checkout_skip"},
        {"model_digests": {"pose": "sha256:ab"}},
    ],
)
def test_inputs_refuse_nonsense(nonsense):
    with pytest.raises(ValueError, match=r"."):
        sound_inputs(**nonsense)


@st.composite
def any_inputs(draw):
    label = draw(st.sampled_from(["item_to_bag", "dancing", ""]))
    return sound_inputs(
        label=label,
        score=draw(st.one_of(st.none(), st.floats(0, 1))),
        signals=tuple(draw(st.lists(signals(), max_size=6))),
        sequence_policy=policy_for(label, policies=DEFAULT_POLICIES),
        probability=draw(probabilities()),
        reliability=draw(st.sampled_from([known_reliability(), new_tenant_inputs().reliability])),
        fairness=draw(
            st.sampled_from(
                [
                    sound_inputs().fairness,
                    not_assessable(reason="no adapter"),
                    FairnessFinding(state=FairnessState.FAILED, reason="hue moved it by 0.2"),
                ]
            )
        ),
        has_viewable_clip=draw(st.booleans()),
        stopped=draw(st.booleans()),
        cost_model=draw(cost_models()),
        policy=draw(policies()),
        minute_shadow_price=draw(shadow_prices),
        seed=draw(st.one_of(st.none(), st.integers(0, 2**31))),
    )


@given(any_inputs())
@settings(max_examples=50)
def test_any_record_recomputes_to_itself_after_storage(inputs):
    record = assess(inputs=inputs)
    stored = json.loads(json.dumps(record_json(record)))
    read = read_record(stored)
    assert read == record
    assert recompute(read) == record
    assert canonical_json(encode(recompute(read))) == canonical_json(stored)


@given(any_inputs())
@settings(max_examples=25)
def test_adding_signals_without_weight_never_changes_a_decision(inputs):
    weightless = tuple(
        signal
        for signal in inputs.signals
        if signal.validity.state is not ValidityState.NO_EVIDENTIAL_WEIGHT
    )
    without = assess(inputs=replace(inputs, signals=weightless))
    assert assess(inputs=inputs).decision == without.decision


STORED = json.loads((Path(__file__).parent / "data" / "records_schema_1.json").read_text())


@pytest.mark.parametrize("case", sorted(STORED))
def test_a_record_stored_under_the_first_schema_reads_and_recomputes_to_its_digest(case):
    stored = STORED[case]
    record = read_record(stored)
    assert record.schema == stored["schema"] == 1
    assert recompute(record) == record
    assert canonical_json(record_json(recompute(record))) == canonical_json(stored)


STORED_3 = json.loads((Path(__file__).parent / "data" / "records_schema_3.json").read_text())


@pytest.mark.parametrize("case", sorted(STORED_3))
def test_a_record_of_before_there_was_a_stop_reads_and_recomputes_to_its_digest(case):
    stored = STORED_3[case]
    record = read_record(stored)
    assert record.schema == stored["schema"] == 3
    assert not record.inputs.stopped
    assert canonical_json(record_json(recompute(record))) == canonical_json(stored)


def test_a_stop_is_in_the_record_and_its_digest():
    free, stopped = (assess(inputs=sound_inputs(stopped=one)) for one in (False, True))
    assert (free.decision.outcome, stopped.decision.outcome) == (Outcome.ESCALATE, Outcome.VERIFY)
    assert read_record(json.loads(json.dumps(record_json(stopped)))).inputs.stopped
    assert free.inputs_digest != stopped.inputs_digest


def test_a_new_record_states_the_present_schema():
    assert assess(inputs=sound_inputs()).schema == SCHEMA


@pytest.mark.parametrize("schema", [0, SCHEMA + 1, None, "2"])
def test_a_record_of_an_unknown_schema_is_refused(schema):
    stored = {**record_json(assess(inputs=sound_inputs())), "schema": schema}
    stored["digest"] = content_digest(stored)
    with pytest.raises(UnableToDecode, match="not known here"):
        read_record(stored)
