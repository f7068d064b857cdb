"""The behaviour model on cameras it has not seen: every figure of the protocol, at both rates, with the null beside it."""

from pathlib import Path

import pytest

from workers.inference.training.poses import read_poses
from workers.inference.training.protocol import run_protocol
from workers.inference.training.report import report_of

pytestmark = pytest.mark.bench

POSES = Path(__file__).parents[3] / "shared" / "data" / "poselift.npz"
FLOOR = 0.767


@pytest.mark.timeout(3600)
def test_the_behaviour_model_on_cameras_left_out(report):
    if not POSES.exists():
        pytest.skip("the pose data set is not on this machine")
    clips = read_poses(POSES)
    found = report_of(clips, run_protocol(clips), data=POSES.name)
    for one in found.figures:
        rate = f"{one.frames_per_second:g} frames/s"
        report.say(f"AUC, {rate}", f"{one.auc:.3f} [{one.low:.3f}, {one.high:.3f}]")
        report.say(f"random scores, {rate}", f"{one.null_mean:.3f} ± {one.null_sd:.3f}")
        report.say(f"by camera, {rate}", str({k: round(v, 3) for k, v in one.per_camera.items()}))
        for recall in one.recalls:
            report.say(
                f"caught at {recall.per_hour:g} false alerts/camera-hour, {rate}",
                f"{recall.caught} of {recall.clips}",
            )
    report.say("AUC by feature set", str(dict(found.inner_auc)))
    report.say("AUC with that choice nested", f"{found.nested_auc:.3f} {found.nested_choices}")
    assert found.figures[0].auc > FLOOR
    assert found.figures[0].auc > found.figures[0].null_mean + 3 * found.figures[0].null_sd
