"""What the database roles may not do, whatever the application asks."""

import psycopg
import pytest

from config.stack.database import APP, OWNER, SEQUENCER, SERVICE
from config.stack.postgres import Postgres
from tests.harness.databases import current_database

pytestmark = pytest.mark.django_db(transaction=True)

RUNTIME = (APP, SERVICE, SEQUENCER)
REFUSALS = (psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported)
REFUSED = (
    "CREATE TABLE mine (id int)",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE EXTENSION hstore",
    "CREATE TEMPORARY TABLE mine (id int)",
    "TRUNCATE things",
    "DROP TABLE things",
    "ALTER TABLE things DISABLE TRIGGER ALL",
    "ALTER TABLE things DISABLE ROW LEVEL SECURITY",
    "SET session_replication_role = replica",
    "SET ROLE second_look_owner",
    "CREATE ROLE mine",
    "CREATE DATABASE mine",
    "COPY things TO PROGRAM 'cat'",
    "SELECT pg_read_file('postgresql.conf')",
)


@pytest.fixture
def table(owner_connection: psycopg.Connection) -> str:
    owner_connection.execute("CREATE TABLE things (id bigserial PRIMARY KEY, name text)")
    owner_connection.execute("INSERT INTO things (name) VALUES ('one')")
    return "things"


def connected(postgres: Postgres, role: str) -> psycopg.Connection:
    return postgres.address(role, name=current_database()).connect(autocommit=True)


@pytest.mark.parametrize("role", RUNTIME)
def test_a_runtime_role_only_uses_what_is_there(role: str, table: str, postgres: Postgres) -> None:
    with connected(postgres, role) as connection:
        for statement in REFUSED:
            with pytest.raises(REFUSALS):
                connection.execute(statement)


@pytest.mark.parametrize("role", [APP, SERVICE])
def test_application_and_service_read_and_write_the_owners_new_tables(
    role: str, table: str, postgres: Postgres
) -> None:
    with connected(postgres, role) as connection:
        connection.execute("INSERT INTO things (name) VALUES ('two')")
        connection.execute("UPDATE things SET name = 'three' WHERE name = 'two'")
        connection.execute("DELETE FROM things WHERE name = 'three'")
        assert connection.execute("SELECT name FROM things").fetchall() == [("one",)]


def test_the_sequencer_sees_only_what_a_migration_gives_it(table: str, postgres: Postgres) -> None:
    with (
        connected(postgres, SEQUENCER) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT * FROM things")


@pytest.mark.parametrize("role", [OWNER, *RUNTIME])
@pytest.mark.parametrize("elsewhere", ["postgres", "template1"])
def test_no_role_enters_another_database(role: str, elsewhere: str, postgres: Postgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        postgres.address(role, name=elsewhere).connect()


@pytest.mark.parametrize("role", [OWNER, *RUNTIME])
def test_no_role_is_more_than_a_role_that_may_sign_in(role: str, postgres: Postgres) -> None:
    with postgres.superuser() as connection:
        row = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolcanlogin"
            " FROM pg_roles WHERE rolname = %s",
            [role],
        ).fetchone()
    assert row == (False, False, False, False, False, True)


@pytest.mark.parametrize("role", RUNTIME)
def test_a_transaction_left_open_is_ended_by_the_server(role: str, postgres: Postgres) -> None:
    with connected(postgres, role) as connection:
        row = connection.execute("SHOW idle_in_transaction_session_timeout").fetchone()
    assert row == ("1min",)


def test_bootstrapping_again_changes_nothing_and_corrects_a_password(postgres: Postgres) -> None:
    with postgres.superuser() as connection:
        connection.execute("ALTER ROLE second_look_app PASSWORD 'changed'")
    postgres.bootstrap()
    with postgres.address(APP).connect() as connection:
        assert connection.execute("SELECT extname FROM pg_extension WHERE extname = 'vector'")
