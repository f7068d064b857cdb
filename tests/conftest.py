"""The harness of every test; its parts are in tests/harness, its settings in tests/settings.py.

Run `pytest` on a machine where nothing was started: PostgreSQL, Redis, S3 and Temporal start when a
test first asks for them, in a temporary folder, and are gone when the run ends.
"""

import gc
import os
import sys
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.harness import environment, sharing

pytest_plugins = [
    "tests.harness.databases",
    "tests.harness.network",
    "tests.harness.orchestration",
    "tests.harness.product",
    "tests.harness.servers",
    "tests.harness.stories",
]

_status = pytest.StashKey[int]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest piece of work first: the stories of the running product."""
    items.sort(key=lambda item: not sharing.needs_product(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Two workers share the run file by file; all stories of the running product share one product."""
    config.option.loadscopereorder = False
    return sharing.FileByFile(config, log)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[_status] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Tidy up, and end the run here with pytest's own status.

    temporalio sometimes crashes when the interpreter shuts down (1 run in 4 or 5) although all
    work is done and reported; the crash would replace the status. A worker of pytest-xdist is left
    to end by itself: it still has to tell its controller.
    """
    environment.remove()
    if (
        "temporalio" in sys.modules
        and not hasattr(config, "workerinput")
        and _status in config.stash
    ):
        gc.collect()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[_status])
