"""Recording requests that were turned away, without letting a stranger fill the audit chain.

Each process records at most `MOST_PER_MINUTE` refusals a minute; the rest is counted and logged.
"""

import logging
import threading
import time
from uuid import UUID

from apps.accounts.tenancy import tenant_scope
from apps.alerts.operations import record_refused_delivery
from apps.audit.events import NO_TENANT

MOST_PER_MINUTE = 120

log = logging.getLogger(__name__)


class Allowance:
    """So many a minute, counted from the first; `take` says whether there is one left."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._guard = threading.Lock()
        self._window = 0.0
        self._used = 0

    def take(self, *, moment: float) -> bool:
        with self._guard:
            if moment - self._window >= 60:
                if self._used > self._per_minute:
                    log.warning(
                        "intake: %d refusals beyond the recorded ones",
                        self._used - self._per_minute,
                    )
                self._window, self._used = moment, 0
            self._used += 1
            return self._used <= self._per_minute


_allowance = Allowance(MOST_PER_MINUTE)


def note_refusal(
    *, code: str, message_id: str = "", tenant_id: UUID = NO_TENANT, source_id: UUID | None = None
) -> None:
    """Record a refusal in a transaction of its own, in the tenant's chain or that of nobody."""
    log.info("intake refused: %s", code)
    if _allowance.take(moment=time.monotonic()):
        with tenant_scope(tenant_id):
            record_refused_delivery(
                tenant_id=tenant_id, source_id=source_id, code=code, message_id=message_id
            )
