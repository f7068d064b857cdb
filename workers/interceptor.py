"""What is wrapped around every activity, once: a database connection, a sign of life, and discretion after it."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from temporalio.exceptions import ApplicationError, FailureError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ActivityOutboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

from workers.connections import with_fresh_connection

BEAT_SECONDS: Final = 3.0

logger = logging.getLogger(__name__)


class ActivityInterceptor(Interceptor):
    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Inbound(next)


class _Inbound(ActivityInboundInterceptor):
    """An error's text may hold a name, a path or a row; the history gets its kind, the log its place."""

    def init(self, outbound: ActivityOutboundInterceptor) -> None:
        self._outbound = outbound
        super().init(outbound)

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        input.fn = with_fresh_connection(input.fn)
        try:
            async with _beating(self._outbound):
                return await super().execute_activity(input)
        except FailureError:
            raise
        except Exception as error:
            kind = type(error).__name__
            logger.warning("%s failed: %s at %s", input.fn.__name__, kind, _place(error))
            raise ApplicationError(f"{kind}; the worker's log names the place", type=kind) from None


@asynccontextmanager
async def _beating(outbound: ActivityOutboundInterceptor) -> AsyncIterator[None]:
    """Beat while the activity's thread works, so that a killed process is missed within seconds.

    What hangs in a living process is the start-to-close time-out's matter.
    """

    async def beat() -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            outbound.heartbeat()

    if outbound.info().heartbeat_timeout is None:
        yield
        return
    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()


def _place(error: BaseException) -> str:
    """Where it happened, innermost last: files and lines of ours, no values."""
    frames = traceback.extract_tb(error.__traceback__)
    return " > ".join(f"{frame.name}:{frame.lineno}" for frame in frames[-4:])
