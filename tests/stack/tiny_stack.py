"""A whole run with three tiny programs in two layers: `python -m tests.stack.tiny_stack HOME`."""

import sys
from pathlib import Path

from config.stack.home import Home
from config.stack.record import AlreadyRunning
from config.stack.run import Rows, Run
from config.stack.terminal import Terminal
from tests.stack.programs import IGNORES_THE_SIGNAL, NOTES_ITS_END, Script


def start(run: Run) -> Rows:
    folder = run.home.path
    for layer, names in (("the server", ["server"]), ("our processes", ["web", "worker"])):
        run.open_layer(layer)
        for name in names:
            source = f"NAME = {name!r}\n{NOTES_ITS_END}"
            run.wait_for(run.start(Script(name, source, folder), title=name, ready_words="ready"))
    if "--deaf" in sys.argv:
        deaf = Script("deaf", IGNORES_THE_SIGNAL, folder)
        run.wait_for(run.start(deaf, title="deaf", ready_words="ready"))
    return [("Nothing", "to see")]


if __name__ == "__main__":
    try:
        Run(Home(Path(sys.argv[1])), Terminal()).hold(start)
    except AlreadyRunning as problem:
        sys.exit(f"already running: {problem.record and problem.record.pid}")
