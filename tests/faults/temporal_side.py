"""Somebody with access to Temporal, and to nothing else: what they can read there and what they can send."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio.client import Client, WorkflowHandle

from tests.harness.product import Product
from workflows.messages import DECIDE, Decide, workflow_id

Answer = TypeVar("Answer")


class TemporalSide:
    """A client of the product's own Temporal server."""

    def __init__(self, product: Product) -> None:
        self._product = product

    def decide(self, *, alert: str, attempt: str, update_id: str = "") -> Any:
        """Send the Update that the product sends, with an attempt of one's own choice."""
        tenant = str(
            self._product.query("SELECT tenant_id FROM alerts_alert WHERE id = %s", alert)[0][0]
        )
        message = Decide(tenant_id=tenant, alert_id=alert, attempt_id=attempt)
        return self._with(
            alert, lambda run: run.execute_update(DECIDE, message, id=update_id or attempt)
        )

    def terminate(self, alert: str) -> None:
        self._with(alert, lambda run: run.terminate(reason="somebody pressed the button"))

    def tried_again(self, alert: str) -> list[str]:
        """The kinds of activity that the run of an alert wants done and that failed before."""
        found = self._with(alert, lambda run: run.describe())
        pending = found.raw_description.pending_activities
        return [one.activity_type.name for one in pending if one.attempt > 1]

    def everything_about(self, alert: str) -> bytes:
        """All bytes Temporal shows of a run: its description and every event of its history."""

        async def read(run: WorkflowHandle[Any, Any]) -> bytes:
            described = await run.describe()
            events = [event.SerializeToString() async for event in run.fetch_history_events()]
            return b"".join([described.raw_description.SerializeToString(), *events])

        return self._with(alert, read)

    def _with(
        self, alert: str, ask: Callable[[WorkflowHandle[Any, Any]], Awaitable[Answer]]
    ) -> Answer:
        async def asked() -> Answer:
            client = await Client.connect(self._product.variables["TEMPORAL_ADDRESS"])
            return await ask(client.get_workflow_handle(workflow_id(alert)))

        return asyncio.run(asked())
