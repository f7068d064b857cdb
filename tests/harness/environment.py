"""The stack of this test run: its addresses are chosen before Django reads its settings.

Nothing starts here. The fixtures of `tests.harness.servers` start a server when a test first asks
for it; a run under pytest-xdist has one set per worker. The folder's name has spaces on purpose.
"""

import atexit
import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from config.stack.home import Home
from config.stack.postgres import Postgres
from config.stack.redis import Redis
from config.stack.s3 import S3
from config.stack.temporal import Temporal

_PREFIX = "second look tests "
SCRATCH = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()} "))
SCRATCH.chmod(0o711)  # as root, PostgreSQL's account must be able to enter
HOME = Home(SCRATCH / "var", prefer_default_ports=False)

POSTGRES = Postgres(HOME, durable=False)
REDIS = Redis(HOME)
S3_SERVER = S3(HOME)
TEMPORAL = Temporal(HOME)
SERVERS = (POSTGRES, REDIS, S3_SERVER, TEMPORAL)

_FIXED = {
    "SECOND_LOOK_HOME": str(HOME.path),
    "SECRET_KEY": "a key for tests, long enough to please Django's own check of secret keys",
    "PUBLIC_URL": "http://localhost:8000",
    "DEBUG": "false",
    "PLAIN_STATIC": "true",
    "JUDGED_FIRST_OF_100": "0",  # a draw by the alert's random id would hide what a story looks at
}
_UNSET = ("ALLOWED_HOSTS", "TEMPORAL_CODEC_KEYS", "CLIP_SPOOL", "STATIC_ROOT", "EMAIL_BACKEND")


def choose() -> None:
    """Choose every address and put it, with what settings need besides, into our environment."""
    atexit.register(remove)
    for folder in SCRATCH.parent.glob(f"{_PREFIX}*"):
        if _run_is_dead(folder):
            _remove(folder)
    for server in SERVERS:
        server.choose_ports()
        os.environ.update(server.exports())
    os.environ.update(_FIXED)
    for name in _UNSET:
        os.environ.pop(name, None)


def remove() -> None:
    """Remove the folder of the run and what lies outside it."""
    _remove(SCRATCH)


def forget(home: Home) -> None:
    """Remove a home and what its servers keep outside it."""
    with contextlib.suppress(KeyError, OSError):
        for socket in S3(home).internal_sockets():
            socket.unlink(missing_ok=True)
    if (home.path / "postgres").is_symlink():
        shutil.rmtree((home.path / "postgres").resolve(), ignore_errors=True)
    shutil.rmtree(home.path, ignore_errors=True)


def _remove(scratch: Path) -> None:
    forget(Home(scratch / "var"))
    shutil.rmtree(scratch, ignore_errors=True)


def _run_is_dead(scratch: Path) -> bool:
    """Whether the run that the folder is named after was killed before it could tidy up."""
    number = scratch.name.removeprefix(_PREFIX).partition(" ")[0]
    return number.isdigit() and not Path("/proc", number).exists() and Path("/proc").exists()
