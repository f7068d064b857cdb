"""The main job opens no connection beyond this machine: the kernel refuses them, counts them, and counts none."""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.harness.product import REPOSITORY

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


def test_the_whole_main_job_needs_only_the_loopback_device() -> None:
    with TemporaryDirectory(prefix="second look alone ") as folder:
        Path(folder).chmod(0o711)
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.main_job", str(Path(folder) / "var")],
            cwd=REPOSITORY,
            env={name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ},
            capture_output=True,
            text=True,
            timeout=540,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads(done.stdout)
    assert seen["devices"] == ["lo"]
    assert seen["refused"] == 0
    assert seen["refused_after_a_try"] == 1, (
        "this network would have let it through, or not counted it"
    )
