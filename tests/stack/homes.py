"""Throw-away homes for servers that a test starts, kills and starts again."""

import shutil

from config.stack.home import Home
from config.stack.s3 import S3


def forget(home: Home) -> None:
    """Remove a home and what lies outside it."""
    if (home.path / "s3").exists():
        for socket in S3(home).internal_sockets():
            socket.unlink(missing_ok=True)
    outside = (home.path / "postgres").resolve()
    if not outside.is_relative_to(home.path.resolve()):
        shutil.rmtree(outside, ignore_errors=True)
    shutil.rmtree(home.path, ignore_errors=True)
