"""Whose word counts for what would clear an alert: the detector's own before its twin's, and nobody else's."""

from apps.triage.findings import CounterfactualMethod, CounterfactualState
from tests.workers.inference.test_removal import RAISING, a_signal, reads, walk
from workers.activities.assessing import by_the_detector
from workers.inference.poses import Joint
from workers.inference.removal import own_counterfactual

SECTION = own_counterfactual(
    (walk(),), signals=[a_signal("reach")], read=reads(Joint.RIGHT_WRIST), raising=RAISING
).to_json()


def test_the_detectors_own_answer_is_read_from_the_analysis() -> None:
    found = by_the_detector({"counterfactual": SECTION}, detector="transparent@1")
    assert found is not None
    assert found.state is CounterfactualState.FOUND
    assert found.method is CounterfactualMethod.MODEL
    assert found.smallest == ("reach",)


def test_an_answer_of_another_detector_or_version_is_not_this_alerts() -> None:
    assert by_the_detector({"counterfactual": SECTION}, detector="transparent@2") is None
    assert by_the_detector({"counterfactual": SECTION}, detector="kiosk@1") is None


def test_what_was_not_asked_or_not_answered_is_not_known() -> None:
    silent = {"detector": "transparent@1", "why": "It did not answer in 5 s."}
    for analysis in ({}, {"counterfactual": silent}, {"counterfactual": None}):
        assert by_the_detector(analysis, detector="transparent@1") is None
