"""What signals are worth: the figures against chance, the committed table, and what follows from it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from hypothesis import given
from hypothesis import strategies as st

from apps.triage.signals import Origin, ValidityState, read_signals
from workers.inference import validity
from workers.inference.results import Validity, ValidityFigures
from workers.inference.signals_places import PLACE_SIGNALS
from workers.inference.signals_series import Series
from workers.inference.training import signal_validity
from workers.inference.training.poses import PoseClip, PosePath, read_poses
from workers.inference.training.signal_validity import UnableToMeasure, auc_within, measured
from workers.inference.validity import (
    NOT_MEASURED,
    SignalFigures,
    TableRefused,
    measured_figures,
    read_table,
    worth_of,
    written_table,
)

POSELIFT = Path(__file__).parents[4] / "shared" / "data" / "poselift.npz"
SIGNALS = {"hand_to_torso", "reach", "crouch", "reach_and_return", "hand_stays_at_torso"}


def figures(**changes: object) -> ValidityFigures:
    sound = {"statistic": "frame AUC", "figure": 0.7, "low": 0.62, "high": 0.78, "null": 0.53}
    return ValidityFigures(
        **{**sound, "samples": 35, "data": "some clips", "at": "2026-11-23"} | changes
    )


def row(name: str = "reach", *, pooled: float = 0.62, within: float = 0.6) -> SignalFigures:
    return SignalFigures(signal=name, pooled=figures(low=pooled), within=figures(low=within))


def clip(name: str, camera: str, *, seed: int, act: range, frames: int = 90) -> PoseClip:
    """One person of random poses; `act` are the labelled frames."""
    rng = np.random.default_rng(seed)
    poses = np.concatenate(
        [rng.random((frames, 17, 2)) * 100, np.full((frames, 17, 1), 0.9)], axis=2
    )
    path = PosePath(
        person=1,
        frames=np.arange(frames),
        boxes=np.tile([10.0, 10, 60, 90], (frames, 1)),
        keypoints=poses,
    )
    return PoseClip(
        name=name, camera=camera, split="Test", fps=15.0, picture=(100, 100), paths=(path,),
        labels=np.isin(np.arange(frames), act).astype(float),
    )  # fmt: skip


CLIPS = [clip(f"{k % 3}_{k}", str(k % 3), seed=k, act=range(30, 60)) for k in range(12)]


@pytest.fixture
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wider by a hair than with all draws, and quick."""
    monkeypatch.setattr(signal_validity, "_RESAMPLES", 300)
    monkeypatch.setattr(signal_validity, "_CHANCES", 40)


def test_every_signal_says_what_it_is_worth() -> None:
    assert set(measured_figures()) == SIGNALS
    assert set(NOT_MEASURED) == {"dwell_in_view", *PLACE_SIGNALS}
    for name in SIGNALS | set(NOT_MEASURED):
        worth = worth_of(name)
        assert len(worth.why) <= 200
        assert (worth.figures is None) == (name in NOT_MEASURED)


def test_the_committed_table_is_what_the_product_reads_and_says() -> None:
    text = validity.TABLE.read_text()
    rows = measured_figures()
    one = next(iter(rows.values())).pooled
    assert written_table(rows, data=one.data, at=one.at) == text
    for name, found in rows.items():
        expected = Validity.MEASURED if found.beats_chance else Validity.NO_EVIDENTIAL_WEIGHT
        assert worth_of(name).state is expected


def test_the_page_about_signals_shows_the_committed_figures() -> None:
    page = (Path(__file__).parents[3] / "docs" / "signals.md").read_text()
    lines = {line.split("|")[1].strip(): line for line in page.splitlines() if "[0." in line}
    for name, found in measured_figures().items():
        shown = lines[f"`{name}`"]
        for one in (found.pooled, found.within):
            told = f"{one.figure:.3f} [{one.low:.3f}, {one.high:.3f}] | {one.null:.3f}"
            assert f"| {told} |" in shown
        assert f"| {found.pooled.samples} |" in shown
        assert ("no evidential weight" in shown) is not found.beats_chance
        assert found.pooled.at in page


@pytest.mark.skipif(not POSELIFT.is_file(), reason="the pose data set is not beside this checkout")
def test_the_committed_figures_are_those_of_the_shipped_rules(tmp_path: Path) -> None:
    committed = measured_figures()
    one = next(iter(committed.values())).pooled
    clips = [clip for clip in read_poses(POSELIFT) if clip.split == "Test"]
    again = measured(clips, data=one.data, at=one.at)
    assert read_table(written_table(again, data=one.data, at=one.at)) == committed


def test_only_what_beats_chance_pooled_and_within_cameras_is_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = {
        "good": row("good"),
        "pooled_only": row("pooled_only", within=0.5),
        "within_only": row("within_only", pooled=0.53),
    }
    monkeypatch.setattr(validity, "measured_figures", lambda: table)
    assert worth_of("good").state is Validity.MEASURED
    assert worth_of("pooled_only").state is Validity.NO_EVIDENTIAL_WEIGHT
    assert worth_of("within_only").state is Validity.NO_EVIDENTIAL_WEIGHT
    assert "Not better than chance" in worth_of("pooled_only").why
    assert worth_of("unheard_of").why == validity.NOT_TESTED


def test_triage_reads_the_state_and_the_figures_as_they_are_told() -> None:
    told = {"state": "measured", "why": "x", **figures().to_json()}
    kept = {name: told[name] for name in ("state", "statistic", "figure", "null", "samples")}
    (signal,) = read_signals(
        [{"name": "reach", "value": 0.8, "validity": kept}], origin=Origin.OWN_INFERENCE, source="x"
    )
    assert signal.validity.state is ValidityState.MEASURED
    assert signal.carries_weight


def test_a_figure_lies_in_its_interval() -> None:
    with pytest.raises(ValueError, match="interval"):
        figures(low=0.71)
    with pytest.raises(ValueError, match="number of samples"):
        figures(samples=0)
    assert not figures(low=0.53).beats_chance


@pytest.mark.parametrize(
    "text",
    [
        "rules_version = 1",
        "not toml at all",
        'rules_version = 2\ndata = "x"\nat = "y"\n[[signal]]\nname = "reach"',
    ],
)
def test_a_table_of_other_rules_or_a_damaged_one_is_refused(text: str) -> None:
    with pytest.raises(TableRefused, match=r"measure again|cannot be read"):
        read_table(text)


def test_a_table_reads_back_as_it_was_written() -> None:
    rows = {"reach": row(), "crouch": row("crouch", within=0.4)}
    assert read_table(written_table(rows, data="some clips", at="2026-11-23")) == rows


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 2)), min_size=2, max_size=30
    )
)
def test_auc_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[int, bool, int]]) -> None:
    scores, labels, strata = (np.array(column) for column in zip(*rows, strict=True))
    right = [
        (hit > miss) + (hit == miss) / 2
        for hit, act, camera in rows
        for miss, other, same in rows
        if act and not other and camera == same
    ]
    found = auc_within(scores.astype(float), labels.astype(bool), strata)
    assert found == pytest.approx(np.mean(right)) if right else np.isnan(found)


@pytest.mark.usefixtures("few_draws")
def test_random_poses_do_not_beat_chance() -> None:
    for found in measured(CLIPS, data="noise", at="2026-11-23").values():
        assert not found.beats_chance
        assert found.pooled.null == pytest.approx(0.5, abs=0.06)


@pytest.mark.usefixtures("few_draws")
def test_a_signal_that_is_up_during_the_act_beats_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)

    def series_of(track, *, width, height):
        seconds = np.array([sample.seconds for sample in track.samples])
        acting = (seconds >= 2.0) & (seconds < 4.0)
        values = np.clip(rng.normal(0.4 + 0.2 * acting, 0.15), 0, 1)
        return {"raised": Series(seconds=seconds, values=values, trust=np.ones(len(seconds)))}

    monkeypatch.setattr(signal_validity, "series_of", series_of)
    found = measured(CLIPS, data="planted", at="2026-11-23")["raised"]
    assert found.beats_chance
    assert found.pooled.figure > 0.75
    assert found.pooled.samples == len(CLIPS)


@pytest.mark.usefixtures("few_draws")
def test_what_is_only_the_camera_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Acts were filmed on one camera alone, which makes everybody's signal higher."""
    clips = [
        clip(f"{camera}_{k}", camera, seed=k, act=range(10, 80) if camera == "1" else range(40, 44))
        for camera in ("0", "1")
        for k in range(8)
    ]
    order = iter([one.camera for one in clips])
    rng = np.random.default_rng(11)

    def series_of(track, *, width, height):
        camera = next(order)
        seconds = np.array([sample.seconds for sample in track.samples])
        values = np.clip(rng.normal(0.7 if camera == "1" else 0.3, 0.05, len(seconds)), 0, 1)
        return {"view": Series(seconds=seconds, values=values, trust=np.ones(len(seconds)))}

    monkeypatch.setattr(signal_validity, "series_of", series_of)
    found = measured(clips, data="views", at="2026-11-23")["view"]
    assert found.pooled.beats_chance
    assert not found.within.beats_chance
    assert not found.beats_chance


def test_clips_in_which_nothing_happens_measure_nothing() -> None:
    with pytest.raises(UnableToMeasure, match="needed"):
        measured([replace(one, labels=np.zeros(90)) for one in CLIPS], data="x", at="y")


@pytest.mark.parametrize("name", ['a "quoted" name', "x" * 41])
def test_the_command_refuses_a_name_the_table_cannot_hold(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError, match="plain characters"):
        call_command("measure_signals", str(tmp_path / "x.npz"), name=name)


def test_the_command_says_what_is_wrong_with_the_data(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"x\.npz"):
        call_command("measure_signals", str(tmp_path / "x.npz"))
