import math
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.triage import states
from apps.triage.assessment import assess
from apps.triage.decision import Outcome
from apps.triage.fairness import FairnessFinding, FairnessState
from apps.triage.routing import drawn_for_audit, drawn_to_judge_first, route
from apps.triage.states import AlertState
from tests.triage.test_assessment import sound_inputs

KEY = b"a key of 32 bytes for the drawing"


def decision(**change):
    return assess(inputs=sound_inputs(**change)).decision


def unlikely():
    sound = sound_inputs().probability
    return type(sound)(**{**vars(sound), "mean": 0.05, "low": 0.01, "high": 0.2})


def drawn(number, share, key=KEY):
    return drawn_for_audit(alert_id=str(UUID(int=number)), audit_key=key, share=share)


def test_escalated_and_verified_alerts_go_to_a_person():
    routing = route(decision=decision(), alert_id="a", audit_key=KEY)
    assert routing.state is AlertState.AWAITING_REVIEW
    assert (routing.sampled_blind, routing.sampling_probability) == (False, 1.0)


def test_a_failed_fairness_check_goes_to_model_review():
    failed = FairnessFinding(state=FairnessState.FAILED, reason="it moved")
    routing = route(decision=decision(fairness=failed), alert_id="a", audit_key=KEY)
    assert routing.state is AlertState.MODEL_REVIEW


def test_archived_alerts_are_drawn_blind_with_the_share_of_their_decision():
    archived = decision(probability=unlikely())
    assert archived.outcome is Outcome.ARCHIVE
    routings = [
        route(decision=archived, alert_id=str(number), audit_key=KEY) for number in range(400)
    ]
    assert {routing.state for routing in routings} == {AlertState.ARCHIVED}
    assert {routing.sampling_probability for routing in routings} == {archived.audit_share}
    assert 5 <= sum(routing.sampled_blind for routing in routings) <= 40


def test_every_routing_is_an_arrow_of_the_alert_machine():
    for state in (AlertState.AWAITING_REVIEW, AlertState.MODEL_REVIEW, AlertState.ARCHIVED):
        assert states.ALERT.allows(AlertState.ANALYSING, state)
    assert states.ALERT.allows(AlertState.ARCHIVED, AlertState.AWAITING_REVIEW)


def test_the_draw_takes_its_share_of_many():
    count = sum(drawn(number, 0.2) for number in range(20_000))
    assert 3_800 < count < 4_200


def test_another_key_draws_others():
    other = b"another key for another tenant"
    first = {number for number in range(2_000) if drawn(number, 0.1)}
    second = {number for number in range(2_000) if drawn(number, 0.1, other)}
    assert len(first & second) < 50


@given(st.uuids(), st.floats(0.001, 1), st.floats(0.001, 1))
def test_the_same_alert_is_drawn_again_and_at_every_higher_share(alert, one, other):
    low, high = sorted((one, other))
    draws = [
        drawn_for_audit(alert_id=str(alert), audit_key=KEY, share=share)
        for share in (low, low, high, 1.0)
    ]
    assert draws[0] == draws[1]
    assert draws[0] <= draws[2] <= draws[3]
    assert draws[3]


@pytest.mark.parametrize(
    "nonsense",
    [
        {"share": 0.0},
        {"share": 1.1},
        {"share": math.nan},
        {"audit_key": b"short"},
        {"alert_id": ""},
    ],
)
def test_a_draw_refuses_nonsense(nonsense):
    sound = {"alert_id": "a", "audit_key": KEY, "share": 0.1}
    with pytest.raises(ValueError, match=r"."):
        drawn_for_audit(**{**sound, **nonsense})


RAISED = decision()


def judged_first(number, share):
    return route(
        decision=RAISED,
        alert_id=str(UUID(int=number)),
        audit_key=KEY,
        judged_first_share=share,
    )


def test_raised_alerts_are_judged_first_at_their_share_and_stay_raised():
    found = [judged_first(number, 0.1) for number in range(4_000)]
    assert 320 < sum(one.sampled_blind for one in found) < 480
    assert {one.state for one in found} == {AlertState.AWAITING_REVIEW}
    assert {one.sampling_probability for one in found} == {1.0}
    assert all((one.rank is not None) == one.sampled_blind for one in found)


def test_the_ranks_of_drawn_alerts_are_spread_over_the_queue():
    ranks = [judged_first(number, 1.0).rank for number in range(4_000)]
    assert all(0 <= rank < 1 for rank in ranks)
    assert 0.47 < sum(ranks) / len(ranks) < 0.53
    assert judged_first(7, 1.0) == judged_first(7, 1.0)


def test_nothing_is_judged_first_where_nobody_asked_for_it():
    assert not any(judged_first(number, 0.0).sampled_blind for number in range(500))


def test_the_share_of_raised_alerts_does_not_touch_archived_ones():
    archived = decision(probability=unlikely())
    if archived.outcome is not Outcome.ARCHIVE:
        pytest.fail("this alert is meant to be archived")
    ways = {"decision": archived, "alert_id": "a", "audit_key": KEY}
    assert route(**ways, judged_first_share=1.0) == route(**ways)


def test_the_two_draws_are_not_the_same_draw():
    both = {
        number
        for number in range(2_000)
        if drawn(number, 0.1)
        and drawn_to_judge_first(alert_id=str(UUID(int=number)), audit_key=KEY, share=0.1)
    }
    assert len(both) < 50


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
def test_a_share_judged_first_is_a_share(share):
    with pytest.raises(ValueError, match="outside"):
        drawn_to_judge_first(alert_id="a", audit_key=KEY, share=share)
