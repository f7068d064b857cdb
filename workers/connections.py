"""A healthy database connection for each activity.

Activities run in threads that live long; Django gives a thread a connection and would keep a broken one. So each activity
begins and ends like a request does: what is broken or too old is let go, and with a pool the connection goes back to it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import close_old_connections


def with_fresh_connection(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a sync activity; call it in the thread that will use the connection."""

    @wraps(function)
    def run(*arguments: Any) -> Any:
        close_old_connections()
        try:
            return function(*arguments)
        finally:
            close_old_connections()

    return run
