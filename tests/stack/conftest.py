"""Throw-away homes for servers that a test starts, kills and starts again."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from config.stack.home import Home
from tests.harness.environment import SCRATCH, forget


@pytest.fixture
def home() -> Iterator[Home]:
    """A home whose path has a space, a comma and a quote, and which PostgreSQL's account can enter."""
    path = SCRATCH / f"stack of, \"{uuid4().hex[:6]}'s"
    made = Home(path, prefer_default_ports=False)
    yield made
    forget(made)
