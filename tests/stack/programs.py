"""Tiny real programs for the supervisor to run."""

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Script:
    """A Python program of a few lines, as the supervisor sees any other."""

    name: str
    source: str
    folder: Path
    stop_signal: signal.Signals = signal.SIGTERM

    def command(self) -> list[str]:
        return [sys.executable, "-u", "-c", self.source]

    def environment(self) -> dict[str, str]:
        return {"PATH": os.defpath, "HERE": str(self.folder)}

    def working_directory(self) -> Path:
        return self.folder

    def system_user(self) -> str | None:
        return None

    def listens_on(self) -> str:
        return ""

    def ready(self) -> bool:
        return True


SLEEPS = "import time; print('ready', flush=True); time.sleep(600)"
"""Runs until it is told to stop."""

ENDS = "print('ready'); raise SystemExit(3)"
"""Falls at once, every time."""

NOTES_ITS_END = """
import os, pathlib, signal, sys, time
def end(*_):
    with open(pathlib.Path(os.environ["HERE"], "ends"), "a") as ends:
        ends.write(NAME + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
time.sleep(600)
"""

IGNORES_THE_SIGNAL = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""

HAS_A_CHILD = """
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path(os.environ["HERE"], "grandchild").write_text(str(child.pid))
print("ready", flush=True)
time.sleep(600)
"""
