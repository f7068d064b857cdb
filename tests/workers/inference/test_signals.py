"""What each signal says of a person over time, and of its own worth."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.workers.inference.bodies import (
    HANGING,
    PICTURE,
    REACHING,
    SURE,
    TOUCHING,
    normalised,
    standing,
    track_of,
    with_joint,
)
from workers.inference.poses import Joint
from workers.inference.results import MeasuredSignal, SceneZone, Span, Track, Unit, Validity
from workers.inference.signals import NOT_FROM_POSE, signals_of
from workers.inference.signals_places import NO_ZONES, PLACE_SIGNALS
from workers.inference.signals_series import series_of, smoothed, span_around_peak

WIDTH, HEIGHT = PICTURE


def signals(track: Track, zones: Sequence[SceneZone] = ()) -> dict[str, MeasuredSignal]:
    found = signals_of([track], width=WIDTH, height=HEIGHT, duration_seconds=9.0, zones=zones)
    names = [signal.name for signal in found]
    assert len(names) == len(set(names))
    return {signal.name: signal for signal in found}


def acting(*acts: tuple[np.ndarray, float], fps: float = 5.0) -> Track:
    """A person who holds each of these bodies for so many seconds."""
    poses = [normalised(body) for body, seconds in acts for _ in range(round(seconds * fps))]
    return track_of(poses, fps=fps)


def test_a_signal_names_its_span_its_track_and_its_worth() -> None:
    signal = signals(acting((standing(), 0.6), (TOUCHING, 0.6), (standing(), 0.6)))["hand_to_torso"]
    assert signal.value is not None
    assert signal.value > 0.95
    assert signal.span.start_seconds == pytest.approx(0.6)
    assert signal.span.end_seconds == pytest.approx(1.0)
    assert signal.track == 7
    assert signal.source == "reference-pose 2"
    assert "chance" in signal.why


def test_one_stray_pose_raises_no_signal() -> None:
    stray = signals(acting((standing(), 0.8), (TOUCHING, 0.2), (standing(), 0.8)))["hand_to_torso"]
    assert stray.value is not None
    assert stray.value < 0.3


@pytest.mark.parametrize("fps", [5.0, 15.0])
def test_a_hand_that_reaches_and_comes_back_is_a_return_at_any_frame_rate(fps: float) -> None:
    acts = (HANGING, 1.0), (REACHING, 1.0), (TOUCHING, 1.0)
    signal = signals(acting(*acts, fps=fps))["reach_and_return"]
    assert signal.value is not None
    assert signal.value > 0.9
    assert signal.span.start_seconds >= 2.0


@pytest.mark.parametrize(
    "acts",
    [
        ((TOUCHING, 1.0), (REACHING, 1.0)),
        ((HANGING, 1.0), (TOUCHING, 1.0)),
        ((REACHING, 1.0), (HANGING, 4.0), (TOUCHING, 1.0)),
    ],
    ids=["touches, then reaches", "never reached", "much later"],
)
def test_without_a_reach_just_before_there_is_no_return(
    acts: tuple[tuple[np.ndarray, float], ...],
) -> None:
    value = signals(acting(*acts))["reach_and_return"].value
    assert value is None or value < 0.5


def test_the_other_hand_at_the_body_is_no_return() -> None:
    other = with_joint(standing(), Joint.RIGHT_WRIST, 100, 85)
    other[Joint.LEFT_WRIST] = HANGING[Joint.LEFT_WRIST]
    one = with_joint(REACHING, Joint.RIGHT_WRIST, 78, 118)
    signal = signals(acting((one, 1.0), (other, 1.0)))["reach_and_return"]
    assert signal.value is not None
    assert signal.value < 0.5


def test_a_hand_that_rests_at_the_body_stayed_and_one_that_passes_did_not() -> None:
    stays = signals(acting((REACHING, 1.0), (TOUCHING, 3.0)))["hand_stays_at_torso"]
    passes = signals(acting((REACHING, 1.0), (TOUCHING, 0.8), (REACHING, 3.0)))
    assert stays.value is not None
    assert stays.value > 0.9
    assert passes["hand_stays_at_torso"].value is not None
    assert passes["hand_stays_at_torso"].value < 0.3
    assert passes["reach_and_return"].value is not None
    assert passes["reach_and_return"].value > 0.9


def test_whether_a_hand_stayed_is_not_known_when_the_footage_ends_before() -> None:
    signal = signals(acting((REACHING, 1.0), (TOUCHING, 0.8)))["hand_stays_at_torso"]
    assert signal.validity is Validity.NOT_MEASURABLE


def test_what_a_pose_cannot_see_carries_no_number() -> None:
    found = signals_of([], width=400, height=300, duration_seconds=2.0)
    assert {signal.name for signal in found} == {*NOT_FROM_POSE, *PLACE_SIGNALS}
    for signal in found:
        assert signal.value is None
        assert signal.confidence is None
        assert signal.track is None
        assert signal.to_json()["validity"] == {"state": "not_measurable", "why": signal.why}


def test_without_zones_what_needs_them_says_so() -> None:
    found = signals(acting((REACHING, 1.0)))
    assert {found[name].why for name in PLACE_SIGNALS} == {NO_ZONES}


def test_a_person_without_poses_is_not_measurable_but_is_in_view_for_seconds() -> None:
    found = signals(track_of([None, None, None]))
    assert found["reach"].validity is Validity.NOT_MEASURABLE
    assert found["reach_and_return"].validity is Validity.NOT_MEASURABLE
    assert found["dwell_in_view"].value == pytest.approx(0.4)
    assert found["dwell_in_view"].unit is Unit.SECONDS


def test_a_signal_called_measured_must_have_beaten_chance() -> None:
    signal = signals(acting((TOUCHING, 1.0)))["hand_to_torso"]
    assert signal.figures is not None
    with pytest.raises(ValueError, match="beat chance"):
        replace(signal, validity=Validity.MEASURED)
    with pytest.raises(ValueError, match="beat chance"):
        replace(signal, validity=Validity.MEASURED, figures=None)
    clear = replace(signal.figures, low=0.7, figure=0.8, high=0.9)
    told = replace(signal, validity=Validity.MEASURED, figures=clear).to_json()["validity"]
    assert (told["state"], told["figure"], told["null"]) == ("measured", 0.8, clear.null)


@given(
    hnp.arrays(np.float64, st.tuples(st.integers(1, 12), st.just(17), st.just(3)),
               elements=st.floats(0, 1)),
    st.sampled_from([2.0, 5.0, 15.0]),
)  # fmt: skip
def test_every_series_lies_within_the_track_and_between_zero_and_one(
    poses: np.ndarray, fps: float
) -> None:
    track = track_of(list(poses), fps=fps)
    for series in series_of(track, width=WIDTH, height=HEIGHT).values():
        assert np.all(np.isin(series.seconds, [sample.seconds for sample in track.samples]))
        assert np.all(np.diff(series.seconds) > 0)
        assert np.all((series.values >= 0) & (series.values <= 1))
        assert np.all((series.trust >= 0.3) & (series.trust <= 1))


@given(st.floats(0.3, 0.9), st.booleans())
def test_a_gesture_does_not_depend_on_size_or_side(scale: float, mirror: bool) -> None:
    def drawn(body: np.ndarray) -> np.ndarray:
        moved = body * scale
        if mirror:
            moved[:, 0] = WIDTH - moved[:, 0]
        return moved

    acts = (HANGING, 1.0), (REACHING, 1.0), (TOUCHING, 3.0)
    plain, changed = acting(*acts), acting(*[(drawn(body), length) for body, length in acts])
    before = series_of(plain, width=WIDTH, height=HEIGHT)
    for name, series in series_of(changed, width=WIDTH, height=HEIGHT).items():
        assert series.values == pytest.approx(before[name].values, abs=1e-6)


@given(hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(0, 1)))
def test_smoothing_stays_within_the_values_and_the_span_holds_the_peak(values: np.ndarray) -> None:
    smooth = smoothed(values)
    assert len(smooth) == len(values)
    assert values.min() <= smooth.min() <= smooth.max() <= values.max()
    first, last = span_around_peak(smooth)
    assert first <= int(np.argmax(smooth)) <= last


def test_a_joint_that_is_not_seen_is_left_out_of_the_series() -> None:
    unsure = SURE.copy()
    unsure[[Joint.LEFT_WRIST, Joint.RIGHT_WRIST]] = 0.1
    track = track_of([normalised(TOUCHING), normalised(TOUCHING, unsure), normalised(TOUCHING)])
    series = series_of(track, width=WIDTH, height=HEIGHT)["hand_to_torso"]
    assert series.seconds.tolist() == [0.0, 0.4]


def test_a_span_cannot_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="ends at or after"):
        Span(2.0, 1.0)
