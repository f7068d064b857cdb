"""What is wrapped around every activity, once: a database connection before it, discretion after it."""

import logging
import traceback
from typing import Any

from temporalio.exceptions import ApplicationError, FailureError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

from workers.connections import with_fresh_connection

logger = logging.getLogger(__name__)


class ActivityInterceptor(Interceptor):
    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Inbound(next)


class _Inbound(ActivityInboundInterceptor):
    """An error's text may hold a name, a path or a row; the history gets its kind, the log its place."""

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        input.fn = with_fresh_connection(input.fn)
        try:
            return await super().execute_activity(input)
        except FailureError:
            raise
        except Exception as error:
            kind = type(error).__name__
            logger.warning("%s failed: %s at %s", input.fn.__name__, kind, _place(error))
            raise ApplicationError(f"{kind}; the worker's log names the place", type=kind) from None


def _place(error: BaseException) -> str:
    """Where it happened, innermost last: files and lines of ours, no values."""
    frames = traceback.extract_tb(error.__traceback__)
    return " > ".join(f"{frame.name}:{frame.lineno}" for frame in frames[-4:])
