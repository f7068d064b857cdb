"""The supervisor with real processes: it starts again what falls, says so, and stops everything."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.stack.supervisor import Backoff, Child, ChildState, Supervisor, bound, ending
from tests.stack.programs import (
    ENDS,
    HAS_A_CHILD,
    IGNORES_THE_SIGNAL,
    NOTES_ITS_END,
    SLEEPS,
    Script,
)

QUICK = Backoff(first_seconds=0.05, limit_seconds=0.4, healthy_seconds=60)


class Watched:
    """A supervisor whose time passes in the test, with what it has said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.supervisor = Supervisor(report=self.said.append, backoff=QUICK)

    def start(self, name: str, source: str, *, ready_words: str = "ready") -> Child:
        return self.supervisor.start(
            Script(name, source, self.folder),
            log=self.folder / f"{name}.log",
            title=name.capitalize(),
            ready_words=ready_words,
        )

    def until(self, happened: Callable[[], object], *, within_seconds: float = 20) -> None:
        deadline = time.monotonic() + within_seconds
        while not happened():
            assert time.monotonic() < deadline, self.said
            self.supervisor.tick()
            time.sleep(0.01)

    def until_ready(self, *children: Child) -> None:
        self.until(lambda: all(child.state is ChildState.READY for child in children))


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    one = Watched(tmp_path)
    yield one
    one.supervisor.stop(one.supervisor.children, patience_seconds=0)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_program_is_ready_only_when_it_has_said_so(watched: Watched) -> None:
    quiet = watched.start("quiet", "import time; time.sleep(600)")
    talking = watched.start("talking", SLEEPS)
    watched.until_ready(talking)
    assert quiet.state is ChildState.STARTING


def test_the_words_of_an_earlier_run_do_not_count(watched: Watched) -> None:
    (watched.folder / "quiet.log").write_text("ready\n")
    quiet = watched.start("quiet", "import time; time.sleep(600)")
    talking = watched.start("talking", SLEEPS)
    watched.until_ready(talking)
    watched.supervisor.tick()
    assert quiet.state is ChildState.STARTING


def test_a_killed_program_is_started_again_and_it_is_said(watched: Watched) -> None:
    child = watched.start("worker", SLEEPS)
    watched.until_ready(child)
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    watched.until(lambda: child.restarts == 1)
    watched.until_ready(child)
    assert child.pid not in {None, first}
    assert watched.said == [
        "Worker was killed by SIGKILL; starting it again in 0.05 s",
        "Worker runs again (restart 1)",
    ]


def test_a_program_that_keeps_falling_is_started_ever_more_slowly(watched: Watched) -> None:
    child = watched.start("broken", ENDS, ready_words="never said")
    watched.until(lambda: child.restarts >= 4)
    waits = [sentence.rpartition(" in ")[2] for sentence in watched.said[:5]]
    assert waits == ["0.05 s", "0.1 s", "0.2 s", "0.4 s", "0.4 s"][: len(waits)]
    assert child.last_end == "ended with status 3"


def test_what_a_fallen_program_had_started_is_ended_before_it_starts_again(
    watched: Watched,
) -> None:
    child = watched.start("parent", HAS_A_CHILD)
    watched.until_ready(child)
    grandchild = int((watched.folder / "grandchild").read_text())
    assert child.pid
    os.kill(child.pid, signal.SIGKILL)
    watched.until(lambda: child.restarts == 1)
    watched.until(lambda: not lives(grandchild))


def test_a_program_that_never_gets_ready_is_started_again(watched: Watched) -> None:
    """A program that hangs while it starts is as gone as one that ended."""
    child = watched.supervisor.start(
        Script("hanging", SLEEPS, watched.folder),
        log=watched.folder / "hanging.log",
        title="Hanging",
        ready_words="never said",
        start_patience_seconds=0.5,
    )
    first = child.pid
    assert first
    watched.until(lambda: child.restarts == 1)
    assert not lives(first)
    assert watched.said == ["Hanging was not ready after 0.5 s; starting it again in 0.05 s"]


def test_stopping_asks_first_and_leaves_nothing_behind(watched: Watched) -> None:
    named = [f"NAME = {name!r}\n{NOTES_ITS_END}" for name in ("one", "two")]
    children = [watched.start(f"n{number}", source) for number, source in enumerate(named)]
    watched.until_ready(*children)
    watched.supervisor.stop(children)
    assert sorted((watched.folder / "ends").read_text().split()) == ["one", "two"]
    assert all(child.pid is None and child.state is ChildState.STOPPED for child in children)
    watched.supervisor.tick()
    assert watched.said == [], "a stop is not a fall"


def test_a_program_deaf_to_the_signal_is_killed_when_patience_ends(watched: Watched) -> None:
    deaf = watched.start("deaf", IGNORES_THE_SIGNAL)
    watched.until_ready(deaf)
    began = time.monotonic()
    watched.supervisor.stop([deaf], patience_seconds=0.3)
    assert 0.3 <= time.monotonic() - began < 10
    assert deaf.process
    assert deaf.process.returncode == -signal.SIGKILL


def test_a_second_request_to_stop_ends_the_patience(watched: Watched) -> None:
    deaf = watched.start("deaf", IGNORES_THE_SIGNAL)
    watched.until_ready(deaf)
    began = time.monotonic()
    watched.supervisor.stop([deaf], patience_seconds=60, hurry=lambda: True)
    assert time.monotonic() - began < 10


def test_a_program_that_stops_answering_is_reported_and_so_is_its_return(watched: Watched) -> None:
    (watched.folder / "answers").touch()

    class Moody(Script):
        def ready(self) -> bool:
            return (self.folder / "answers").exists()

    child = watched.supervisor.start(
        Moody("moody", SLEEPS, watched.folder), log=watched.folder / "moody.log", title="Moody"
    )
    watched.until_ready(child)
    (watched.folder / "answers").unlink()
    child.probe_due = 0
    watched.until(lambda: child.state is ChildState.UNRESPONSIVE)
    (watched.folder / "answers").touch()
    watched.until_ready(child)
    assert watched.said == ["Moody does not answer", "Moody answers again"]
    assert child.restarts == 0


def test_a_long_log_is_kept_once_and_its_writer_goes_on(watched: Watched) -> None:
    child = watched.start(
        "writer",
        "import time\nprint('x' * 5000, flush=True)\nprint('ready', flush=True)\n"
        "time.sleep(1)\nprint('after', flush=True)\ntime.sleep(600)",
    )
    watched.until_ready(child)
    bound(child.log, limit_bytes=1000)
    assert (watched.folder / "writer.log.1").stat().st_size > 5000
    watched.until(lambda: child.log.read_text() == "after\n")


@given(falls=st.integers(1, 10_000))
def test_the_pause_grows_and_is_bounded(falls: int) -> None:
    backoff = Backoff()
    assert backoff.delay(falls=1) == 0.5
    assert backoff.delay(falls=falls) <= backoff.delay(falls=falls + 1) <= 30


def test_a_healthy_minute_forgives_earlier_falls() -> None:
    backoff = Backoff()
    assert backoff.falls(before=6, lived_seconds=59) == 7
    assert backoff.falls(before=6, lived_seconds=60) == 1


def test_endings_are_said_in_words() -> None:
    assert ending(2) == "ended with status 2"
    assert ending(-signal.SIGSEGV) == "was killed by SIGSEGV"
