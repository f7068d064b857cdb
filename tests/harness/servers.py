"""Real servers, each started when a test first asks for it and stopped when the run ends."""

import os
from collections.abc import Iterator

import pytest
import redis as redis_client

from config.stack.postgres import Postgres
from config.stack.server import running
from tests.harness import environment
from tests.harness.databases import current_database, role_addresses

_to_empty: list[redis_client.Redis] = []  # our client of Redis, while it runs


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The PostgreSQL server; `django_db` tests get their database without asking for it."""
    with running(environment.POSTGRES, log=environment.HOME.log("postgres")):
        yield environment.POSTGRES


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """Redis, started for every database test as well, because Django's cache is there."""
    with running(environment.REDIS, log=environment.HOME.log("redis")):
        url = environment.REDIS.exports()["REDIS_URL"]
        with redis_client.Redis.from_url(url) as client:
            _to_empty.append(client)
            yield url
            _to_empty.clear()


@pytest.fixture(autouse=True)
def _leaves_redis_empty() -> Iterator[None]:
    """Whatever a test leaves in Redis (cache, rate limits, queues) is gone before the next."""
    yield
    for client in _to_empty:
        client.flushall()


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """Redis' address; it is empty."""
    return redis_server


@pytest.fixture(scope="session")
def s3_server() -> Iterator[dict[str, str]]:
    with running(environment.S3_SERVER, log=environment.HOME.log("s3")):
        yield environment.S3_SERVER.exports()


@pytest.fixture
def s3(s3_server: dict[str, str]) -> dict[str, str]:
    """S3, its two buckets made, as Django's settings already know it. Buckets are shared: use keys
    that begin with the test's own ids, and retention of seconds.
    """
    return s3_server


@pytest.fixture(scope="session")
def temporal_server() -> Iterator[str]:
    """The address of the real development server, search attributes registered. Shared: use own ids."""
    with running(environment.TEMPORAL, log=environment.HOME.log("temporal")):
        yield environment.TEMPORAL.exports()["TEMPORAL_ADDRESS"]


@pytest.fixture
def stack_environment(db: None) -> dict[str, str]:
    """The complete environment for a child process (`manage.py …`) on this test's own database.

    Only a `transaction=True` test commits what a child can see. Ask for `s3`, `temporal_server` as
    well when the child needs them running.
    """
    addresses = role_addresses(current_database())
    return os.environ | addresses | {"DJANGO_SETTINGS_MODULE": "config.settings"}
