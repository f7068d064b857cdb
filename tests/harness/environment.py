"""The stack of this test run: its addresses are chosen before Django reads its settings.

Nothing starts here. The fixtures of `tests.harness.servers` start a server when a test first asks
for it; a run under pytest-xdist has one set per worker. The folder's name has spaces on purpose.
"""

import os
import shutil
import tempfile
from pathlib import Path

from config.stack.home import Home
from config.stack.postgres import Postgres
from config.stack.redis import Redis
from config.stack.s3 import S3
from config.stack.temporal import Temporal

SCRATCH = Path(tempfile.mkdtemp(prefix="second look tests "))
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
}
_UNSET = ("ALLOWED_HOSTS", "TEMPORAL_CODEC_KEYS", "CLIP_SPOOL", "STATIC_ROOT", "EMAIL_BACKEND")


def choose() -> None:
    """Choose every address and put it, with what settings need besides, into our environment."""
    for server in SERVERS:
        server.choose_ports()
        os.environ.update(server.exports())
    os.environ.update(_FIXED)
    for name in _UNSET:
        os.environ.pop(name, None)


def remove() -> None:
    """Remove the folder of the run and what SeaweedFS leaves outside it."""
    for socket in S3_SERVER.internal_sockets():
        socket.unlink(missing_ok=True)
    shutil.rmtree(SCRATCH, ignore_errors=True)
