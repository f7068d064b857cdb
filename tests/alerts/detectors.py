"""Detectors that can be asked again: processes of their own that know nothing of this project but docs/rescoring.md."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EXAMPLE = re.search(r"```python\n(.*?)```", Path("docs/rescoring.md").read_text(), re.DOTALL)
PATIENCE_SECONDS = 30.0
MOTION = EXAMPLE.group(1) if EXAMPLE else ""
# The same server with another opinion: what `score` returns is all that differs.
JUDGEMENTS = {
    "motion": "",
    # What bias looks like: the redder (the brighter) than what it saw first, the higher the score.
    "skin": """
first = []
def score(frames):
    seen = b"".join(pixels(base64.b64decode(one["png"])) for one in frames)
    red, green, blue = (sum(seen[k::3]) for k in range(3))
    share = red / (red + green + blue + 1)
    first.append(share)
    return max(0.0, min(1.0, 0.5 + 5000 * (share - first[0])))
""",
    "brightness": """
first = []
def score(frames):
    seen = b"".join(pixels(base64.b64decode(one["png"])) for one in frames)
    first.append(sum(seen) / len(seen) / 255)
    return max(0.0, min(1.0, 0.5 + 500 * (first[-1] - first[0])))
""",
    # When people come by, whoever they are: only the frames' times count.
    "times": """
def score(frames):
    return min(1.0, 0.3 + sum(one["seconds"] for one in frames) / 1000)
""",
    "varying": """
import itertools
count = itertools.count()
def score(frames):
    return 0.5 + next(count) / 100
""",
    "slow": """
import time
def score(frames):
    time.sleep(5)
    return 0.5
""",
    "wordy": """
def score(frames):
    return "high"
""",
    "beyond": """
def score(frames):
    return 1.5
""",
    "long": """
def score(frames):
    return [0.5] * 100_000
""",
}


@contextmanager
def detector(judgement: str, *, secret: str, program: str = MOTION) -> Iterator[str]:
    """A detector at work; gives its address."""
    port = _free_port()
    head, _, tail = program.partition("class Detector")
    text = f"{head}\n{JUDGEMENTS[judgement]}\nclass Detector{tail}"
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", text, str(port), secret],
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port, process)
        yield f"http://127.0.0.1:{port}/score"
    finally:
        process.kill()
        process.wait(PATIENCE_SECONDS)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as found:
            if found.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the detector did not start")
