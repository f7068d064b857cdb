"""One database a test, without ever emptying one.

The owner migrates the database `second_look` once. Plain `django_db` tests share a copy of it, run
as the application's role and roll back. A `django_db(transaction=True)` test (or a
TransactionTestCase) gets a copy of its own, dropped afterwards: Django's flush would TRUNCATE,
which the application's role may not, and the append-only triggers refuse.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from django.db import connections
from django.test import TransactionTestCase

from config import env
from config.stack import database
from config.stack.postgres import Postgres
from tests.harness import environment

SHARED = "second_look_shared"


def current_database() -> str:
    """The database this test's connections go to."""
    return str(connections.settings["default"]["NAME"])


def role_addresses(name: str) -> dict[str, str]:
    """DATABASE_URL and its siblings for the database `name`."""
    postgres = environment.POSTGRES
    return {
        variable: postgres.address(role, name=name).url()
        for variable, role in {
            "DATABASE_URL": database.APP,
            "DATABASE_OWNER_URL": database.OWNER,
            "DATABASE_SERVICE_URL": database.SERVICE,
            "DATABASE_SEQUENCER_URL": database.SEQUENCER,
        }.items()
    }


@pytest.fixture(scope="session")
def django_db_setup(postgres: Postgres, redis_server: str) -> Iterator[None]:
    """Replaces pytest-django's: migrate once as the owner, then work on copies."""
    _migrate()
    postgres.create_database(SHARED, template=database.DATABASE)
    _connect_to(SHARED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_setup", classmethod(_take_a_copy))
        patch.setattr(TransactionTestCase, "_fixture_teardown", _drop_the_copy)
        yield
    connections.close_all()


@pytest.fixture
def owner_connection(db: None, postgres: Postgres) -> Iterator["psycopg.Connection"]:
    """The tables' owner in this test's database, autocommit. Sees only what is committed, so ask for
    a `transaction=True` test; in a plain one its own writes would reach other tests.
    """
    yield from _connection(postgres, database.OWNER)


@pytest.fixture
def app_connection(db: None, postgres: Postgres) -> Iterator["psycopg.Connection"]:
    """The application's role in this test's database, beside Django's own connection."""
    yield from _connection(postgres, database.APP)


@pytest.fixture
def service_connection(db: None, postgres: Postgres) -> Iterator["psycopg.Connection"]:
    """The role that sweeps across tenants, in this test's database."""
    yield from _connection(postgres, database.SERVICE)


@pytest.fixture
def sequencer_connection(db: None, postgres: Postgres) -> Iterator["psycopg.Connection"]:
    """The audit sequencer's role in this test's database."""
    yield from _connection(postgres, database.SEQUENCER)


@pytest.fixture
def superuser_connection(db: None, postgres: Postgres) -> Iterator["psycopg.Connection"]:
    """PostgreSQL's superuser in this test's database: for tampering that `verify` has to find."""
    with postgres.superuser(name=current_database()) as connection:
        yield connection


def _connection(postgres: Postgres, role: str) -> Iterator["psycopg.Connection"]:
    address = postgres.address(role, name=current_database())
    with address.connect(autocommit=True) as connection:
        yield connection


def _migrate() -> None:
    addresses = role_addresses(database.DATABASE)
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0", "--skip-checks"],
        cwd=env.REPOSITORY,
        env=os.environ
        | addresses
        | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": addresses["DATABASE_OWNER_URL"],
            "DATABASE_STATEMENT_TIMEOUT_MS": "0",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.exit(f"migrate failed:\n{done.stdout}{done.stderr}", returncode=1)


def _connect_to(name: str) -> None:
    connections.close_all()
    connections.settings["default"]["NAME"] = name


def _take_a_copy(test: type[TransactionTestCase]) -> None:
    name = f"second_look_{uuid4().hex[:12]}"
    environment.POSTGRES.create_database(name, template=database.DATABASE)
    _connect_to(name)


def _drop_the_copy(test: TransactionTestCase) -> None:
    name = current_database()
    _connect_to(SHARED)
    environment.POSTGRES.drop_database(name)
