"""Acts taken out of the input, with detectors of which it is known what they read."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.triage.decoding import decode
from apps.triage.findings import CounterfactualFinding, CounterfactualMethod, CounterfactualState
from workers.inference.poses import Joint
from workers.inference.removal import (
    CUT_TAKES_ALL,
    JOINTS_OF,
    MOST_SIGNALS,
    TOO_MANY,
    LeftOut,
    Raising,
    own_counterfactual,
    removable,
    with_joints_held,
    with_span_cut,
)
from workers.inference.results import MeasuredSignal, Span, Track, TrackSample, Validity

RAISING = Raising(
    detector="transparent@1", version="transparent 1", threshold=0.5, threshold_from="a test"
)
REACHED = Span(1.0, 1.6)


def upright(
    seconds: float, *, x: float = 0.5, wrist: float = 0.0, knee: float = 0.0
) -> TrackSample:
    """Somebody at `x`; the right wrist `wrist` and the right knee `knee` torsos out to the side."""
    pose = np.ones((17, 3))
    pose[:, :2] = (x, 0.3)
    pose[[Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER], :2] = [(x + 0.05, 0.3), (x - 0.05, 0.3)]
    pose[[Joint.LEFT_HIP, Joint.RIGHT_HIP], :2] = [(x + 0.05, 0.5), (x - 0.05, 0.5)]
    pose[Joint.RIGHT_WRIST, :2] = (x - 0.2 * wrist, 0.4)
    pose[Joint.RIGHT_KNEE, :2] = (x - 0.2 * knee, 0.65)
    return TrackSample(
        seconds=seconds, box=np.array([0.2, 0.2, 0.8, 0.9]), score=0.9, keypoints=pose
    )


def walk(track: int = 1, *, reach: float = 1.0, crouch: float = 0.0) -> Track:
    """Three seconds of walking to the right; between 1.0 and 1.6 s the wrist goes out, the knee from 2.0 on."""
    samples = []
    for k in range(15):
        at = k / 5
        wrist = reach * min(1.0, max(0.0, (at - 1.0) / 0.4)) if at <= 1.6 else 0.0
        knee = crouch if 2.0 < at <= 2.6 else 0.0
        samples.append(upright(at, x=0.3 + 0.02 * k, wrist=wrist, knee=knee))
    return Track(id=track, samples=tuple(samples))


def out(sample: TrackSample, joint: Joint) -> float:
    """How far a joint is to the side of the body, in torsos."""
    assert sample.keypoints is not None
    middle = sample.keypoints[[Joint.LEFT_HIP, Joint.RIGHT_HIP], 0].mean()
    return float(abs(sample.keypoints[joint, 0] - middle) / 0.2)


def reads(*joints: Joint):
    """A detector that adds up how far some joints go out, up to 1."""

    def read(tracks: Sequence[Track]) -> float | None:
        far = [
            sum(max(out(sample, joint) for sample in track.samples) for joint in joints)
            for track in tracks
        ]
        return min(1.0, max(far) * 0.6) if far else None

    return read


def a_signal(
    name: str, span: Span = REACHED, *, track: int = 1, value: float = 0.9
) -> MeasuredSignal:
    return MeasuredSignal(
        name=name,
        value=value,
        confidence=0.8,
        span=span,
        track=track,
        source="test",
        validity=Validity.NO_EVIDENTIAL_WEIGHT,
        why="a test",
    )


def found_by(read, signals: Sequence[MeasuredSignal], *tracks: Track) -> CounterfactualFinding:
    return own_counterfactual(
        tracks or (walk(),), signals=signals, read=read, raising=RAISING
    ).finding


def test_an_arm_held_as_it_was_takes_the_reach_out_and_nothing_else() -> None:
    track = walk()
    held = with_joints_held(track, JOINTS_OF["reach"], REACHED)
    for before, after in zip(track.samples, held.samples, strict=True):
        assert before.keypoints is not None
        assert after.keypoints is not None
        legs = [Joint.RIGHT_KNEE, Joint.LEFT_HIP]
        assert np.array_equal(before.keypoints[legs], after.keypoints[legs])
        assert np.array_equal(before.keypoints[:, 2], after.keypoints[:, 2])
    assert max(out(s, Joint.RIGHT_WRIST) for s in track.samples) == pytest.approx(1.0)
    assert max(out(s, Joint.RIGHT_WRIST) for s in held.samples) == pytest.approx(0.0, abs=1e-9)


def test_the_body_carries_the_held_arm_along() -> None:
    """A wrist left where it was in the picture would be torn off somebody who walks on."""
    held = with_joints_held(walk(), JOINTS_OF["reach"], REACHED)
    last = next(sample for sample in held.samples if sample.seconds == 1.6)
    assert last.keypoints is not None
    assert last.keypoints[Joint.RIGHT_WRIST, 0] == pytest.approx(0.3 + 0.02 * 8)


def test_a_span_that_is_cut_is_gone_and_the_rest_stays() -> None:
    track = walk()
    cut = with_span_cut(track, REACHED)
    assert cut is not None
    assert [s.seconds for s in cut.samples] == [
        s.seconds for s in track.samples if not 1.0 <= s.seconds <= 1.6
    ]
    assert with_span_cut(track, Span(0.0, 9.0)) is None


def test_the_act_that_the_detector_reads_is_the_one_that_clears() -> None:
    signals = (a_signal("reach"), a_signal("crouch", Span(2.0, 2.6), value=0.99))
    finding = found_by(reads(Joint.RIGHT_WRIST), signals, walk(crouch=1.0))
    assert finding.state is CounterfactualState.FOUND
    assert finding.smallest == ("reach",)
    assert finding.method is CounterfactualMethod.MODEL
    assert finding.score == pytest.approx(0.6)
    without = {one.signal: one.score for one in finding.removals}
    assert without["reach"] == pytest.approx(0.0, abs=1e-9)
    assert without["crouch"] == pytest.approx(0.6)


def test_two_acts_that_each_suffice_have_to_go_together() -> None:
    def either(tracks: Sequence[Track]) -> float | None:
        return max(reads(Joint.RIGHT_WRIST)(tracks) or 0.0, reads(Joint.RIGHT_KNEE)(tracks) or 0.0)

    signals = (a_signal("reach"), a_signal("crouch", Span(2.0, 2.6)))
    finding = found_by(either, signals, walk(crouch=1.0))
    assert set(finding.smallest) == {"reach", "crouch"}
    assert finding.proven_smallest


def test_an_act_of_two_people_is_taken_out_of_both() -> None:
    both = (a_signal("reach"), a_signal("reach", track=2))
    finding = found_by(reads(Joint.RIGHT_WRIST), both, walk(1), walk(2))
    assert finding.smallest == ("reach",)
    one = found_by(reads(Joint.RIGHT_WRIST), both[:1], walk(1), walk(2))
    assert one.state is CounterfactualState.NONE_FOUND


def test_a_person_who_cannot_be_scored_any_more_is_not_cleared() -> None:
    def needs_the_middle(tracks: Sequence[Track]) -> float | None:
        times = [sample.seconds for track in tracks for sample in track.samples]
        return 0.9 if any(1.0 <= at <= 1.6 for at in times) else None

    finding = found_by(needs_the_middle, [a_signal("item_in_hand")])
    assert finding.state is CounterfactualState.NONE_FOUND
    assert finding.removals[0].score is None


def test_a_score_below_the_threshold_has_nothing_to_clear() -> None:
    finding = found_by(reads(Joint.RIGHT_WRIST), [a_signal("reach")], walk(reach=0.5))
    assert finding.state is CounterfactualState.BELOW_ALREADY


def test_nobody_to_score_is_not_computable() -> None:
    assert found_by(lambda tracks: None, []).state is CounterfactualState.NOT_COMPUTABLE


def test_an_act_as_long_as_the_person_is_not_tried_and_said_so() -> None:
    kept, left = removable([a_signal("dwell_in_view", Span(0.0, 2.8))], tracks=[walk()])
    assert kept == {}
    assert left == (LeftOut(signal="dwell_in_view", why=CUT_TAKES_ALL),)


def test_identity_looks_and_place_are_never_taken_out() -> None:
    kept, _ = removable([a_signal("skin_tone"), a_signal("store_north")], tracks=[walk()])
    assert kept == {}


def test_only_the_clearest_acts_are_tried() -> None:
    many = [a_signal(f"act_{k}", value=0.1 + k / 20) for k in range(MOST_SIGNALS + 2)]
    kept, left = removable(many, tracks=[walk()])
    assert list(kept) == [f"act_{k}" for k in range(MOST_SIGNALS + 1, 1, -1)]
    assert {one.signal for one in left} == {"act_0", "act_1"}
    assert {one.why for one in left} == {TOO_MANY}


def test_a_clip_is_asked_no_more_often_than_there_are_sets() -> None:
    asked = []

    def read(tracks: Sequence[Track]) -> float | None:
        asked.append(tracks)
        return 0.9

    signals = [a_signal(f"act_{k}", Span(0.2 * k, 0.2 * k + 0.1)) for k in range(MOST_SIGNALS)]
    found_by(read, signals, walk(1), walk(2), walk(3))
    assert len(asked) <= 2**MOST_SIGNALS + 2  # the two people who did nothing are asked once each


def test_the_section_reads_back_as_the_same_finding() -> None:
    made = own_counterfactual(
        (walk(),), signals=[a_signal("reach")], read=reads(Joint.RIGHT_WRIST), raising=RAISING
    )
    section = made.to_json()
    assert section["detector"] == "transparent@1"
    assert decode(CounterfactualFinding, section["finding"]).smallest == made.finding.smallest


@given(start=st.integers(0, 14), length=st.integers(0, 14), reach=st.floats(0.1, 2))
def test_holding_changes_only_samples_of_the_span(start: int, length: int, reach: float) -> None:
    track = walk(reach=reach)
    span = Span(start / 5, (start + length) / 5)
    held = with_joints_held(track, JOINTS_OF["reach"], span)
    assert [s.seconds for s in held.samples] == [s.seconds for s in track.samples]
    for before, after in zip(track.samples, held.samples, strict=True):
        if not span.start_seconds - 1e-3 <= before.seconds <= span.end_seconds + 1e-3:
            assert after is before
