"""Retention runs as the service role: the application's own may neither bury nor delete."""

from collections.abc import Iterator

import pytest
from django.db import connections

from config.stack import database
from tests.harness import environment
from tests.harness.databases import current_database


@pytest.fixture
def as_service(transactional_db: None) -> Iterator[None]:
    """Django's own connection under the service role, in this test's own database."""
    settings = connections.settings["default"]
    before = {name: settings[name] for name in ("USER", "PASSWORD")}
    address = environment.POSTGRES.address(database.SERVICE, name=current_database())
    connections.close_all()
    settings.update(USER=address.user, PASSWORD=address.password)
    yield
    connections.close_all()
    settings.update(before)
