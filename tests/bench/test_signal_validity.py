"""What each posture and gesture signal is worth beside chance, measured again with the rules as they are.

Nothing here is fitted or tuned: the rules come from how bodies move, and every labelled clip is used once. The
figures must be those the product carries (`workers/inference/validity.toml`; `manage.py measure_signals --write`).
"""

from collections import Counter

import numpy as np
import pytest

from tests.bench.conftest import Report
from tests.harness.product import REPOSITORY
from workers.inference.training.poses import PoseClip, read_poses
from workers.inference.training.signal_validity import measured, readings_of_clips
from workers.inference.validity import measured_figures, read_table, written_table

POSELIFT = REPOSITORY.parent / "shared" / "data" / "poselift.npz"

pytestmark = [
    pytest.mark.bench,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        not POSELIFT.is_file(), reason="the pose data set is not beside this checkout"
    ),
]


def labelled() -> list[PoseClip]:
    return [clip for clip in read_poses(POSELIFT) if clip.split == "Test"]


def test_what_signals_are_worth(report: Report) -> None:
    clips = labelled()
    committed = measured_figures()
    known = next(iter(committed.values())).pooled
    found = measured(clips, data=known.data, at=known.at)
    report.say("clips", len(clips))
    report.say("of them with an act", sum(not clip.is_normal for clip in clips))
    report.say("cameras", len({clip.camera for clip in clips}))
    for name, row in found.items():
        for word, one in (("pooled", row.pooled), ("within cameras", row.within)):
            report.say(
                f"{name}, {word}",
                f"{one.figure:.3f} [{one.low:.3f}, {one.high:.3f}], chance {one.null:.3f}, {one.samples} clips",
            )
    report.say("signals that beat chance", sum(row.beats_chance for row in found.values()))
    assert read_table(written_table(found, data=known.data, at=known.at)) == committed


def test_other_moments_of_the_same_clips_say_the_same(report: Report) -> None:
    """The product looks at every third frame; which third is chance, so the figure must not hang on it."""
    clips = labelled()
    every_frame = measured(clips, data="x", at="y", every=1)
    verdicts = Counter()
    for name, row in measured_figures().items():
        again = every_frame[name]
        report.say(f"{name}, pooled: every 3rd frame", row.pooled.figure)
        report.say(f"{name}, pooled: every frame", again.pooled.figure)
        verdicts[row.beats_chance == again.beats_chance] += 1
        assert abs(row.pooled.figure - again.pooled.figure) < 0.1
    report.say("verdicts that agree", verdicts[True])
    report.say("verdicts that do not", verdicts[False])


def test_how_often_a_signal_can_be_read_at_all(report: Report) -> None:
    clips = labelled()
    poses = sum(len(track.samples) for clip in clips for track in clip.tracks(every=3))
    report.say("poses", poses)
    for name, readings in readings_of_clips(clips).items():
        report.say(f"{name}, share of poses", len(readings.values) / poses)
        report.say(f"{name}, mean value", float(np.mean(readings.values)))
        assert 0 < len(readings.values) <= poses
