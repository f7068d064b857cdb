"""A record of what moved a score refuses nonsense, survives JSON, and says in words what it does not know."""

import json
from dataclasses import replace

import pytest

from apps.triage.decoding import UnableToDecode, decode, encode
from apps.triage.saliency import (
    CurvePair,
    Faithfulness,
    JointMap,
    PictureMap,
    Region,
    RegionShare,
    Saliency,
    WhyNot,
)
from apps.triage.saliency_words import NOTHING_RAISED, OUT_OF_REACH, OWN_READING, saliency_lines

GOOD = Faithfulness(
    own=CurvePair(deletion=0.2, insertion=0.6),
    centre=CurvePair(deletion=0.4, insertion=0.5),
    random=(CurvePair(deletion=0.45, insertion=0.44), CurvePair(deletion=0.4, insertion=0.45)),
    alike=0.1,
    copies=3,
    why_not=(),
)
SHARES = (
    RegionShare(region=Region.HAND_CLOTHING, share=0.62),
    RegionShare(region=Region.SHELF_BOUNDARY, share=None, why="No shelf is drawn."),
    RegionShare(region=Region.BODY, share=0.28),
    RegionShare(region=Region.REST, share=0.1),
)
PICTURE = PictureMap(
    method="patches hidden",
    seed=7,
    evaluations=121,
    times=(1.0, 1.2),
    grid=((0.0, 0.1), (-0.02, 0.0)),
    regions=SHARES,
    faithfulness=GOOD,
)
JOINTS = JointMap(
    method="exact",
    track=3,
    times=(1.0, 1.2),
    contributions=((0.01,) * 17, (0.0,) * 17),
    base=0.3,
    rest=0.03,
    answer=0.5,
    scale="score",
    regions=SHARES,
    faithfulness=replace(GOOD, why_not=(WhyNot.NO_BETTER_THAN_RANDOM,)),
)
RECORD = Saliency(
    detector="reference-behaviour@1",
    of_the_alert=True,
    score=0.5,
    start_seconds=1.0,
    end_seconds=2.6,
    picture=PICTURE,
    picture_absent="",
    joints=JOINTS,
    joints_absent="",
    models=(("behaviour", "a" * 64),),
    seconds=21.0,
)


def test_a_record_survives_json_unchanged() -> None:
    assert decode(Saliency, json.loads(json.dumps(encode(RECORD)))) == RECORD


def test_shares_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        replace(PICTURE, regions=(replace(SHARES[0], share=0.5), *SHARES[1:]))


def test_a_record_without_any_map_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to keep"):
        replace(
            RECORD, picture=None, picture_absent="no frames", joints=None, joints_absent="no pose"
        )
    with pytest.raises(ValueError, match="says why"):
        replace(RECORD, picture=None)


def test_a_likeness_needs_copies() -> None:
    with pytest.raises(ValueError, match="randomised copies"):
        replace(GOOD, copies=0)


def test_a_record_of_another_version_is_not_read() -> None:
    with pytest.raises(UnableToDecode):
        decode(Saliency, encode(RECORD) | {"version": 9})


def test_the_verdict_is_that_of_the_map_that_can_be_trusted() -> None:
    lines = saliency_lines(RECORD)
    assert lines.verdict == "Hand at clothing 62%, rest of the body 28%"
    assert not lines.not_reliable
    assert [one.title for one in lines.maps] == ["Joints", "Picture"]
    assert "random places" in lines.maps[0].not_reliable
    assert lines.maps[1].not_reliable == ""


def test_without_a_map_to_trust_the_verdict_says_so_and_names_no_region() -> None:
    doubtful = replace(PICTURE, faithfulness=JOINTS.faithfulness)
    lines = saliency_lines(replace(RECORD, picture=doubtful))
    assert lines.not_reliable
    assert "clothing" not in lines.verdict.lower()


def test_what_is_not_known_is_said_and_not_written_as_nought() -> None:
    bars = {bar.words: bar for bar in saliency_lines(RECORD).maps[1].bars}
    assert bars["Edge of a shelf"].text == "not known"
    assert bars["Edge of a shelf"].why == "No shelf is drawn."
    assert bars["Rest of the picture"].text == "10%"


def test_weights_out_of_reach_are_said_so() -> None:
    external = replace(GOOD, alike=None, copies=0)
    lines = saliency_lines(replace(RECORD, picture=replace(PICTURE, faithfulness=external)))
    assert lines.maps[1].sanity == OUT_OF_REACH


def test_our_own_reading_of_another_detectors_alert_is_labelled() -> None:
    assert saliency_lines(RECORD).whose == ""
    assert saliency_lines(replace(RECORD, of_the_alert=False)).whose == OWN_READING


def test_nothing_that_raised_the_score_has_no_shares() -> None:
    lines = saliency_lines(replace(RECORD, picture=replace(PICTURE, regions=())))
    assert lines.maps[1].verdict == NOTHING_RAISED
