"""Promises of the database, made on a table of their own and then broken."""

from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection as django_connection
from django.db import migrations

from apps.audit import protection
from tests.audit.chain import Connection

pytestmark = pytest.mark.django_db(transaction=True)

MOVES = {"open": {"shut"}, "shut": {"open", "gone"}, "gone": set[str]()}


@pytest.fixture
def doors(owner_connection: Connection) -> Connection:
    """The owner, and a table of doors."""
    owner_connection.execute(
        "CREATE TABLE doors (id int PRIMARY KEY, tenant_id uuid, state text NOT NULL, colour text)"
    )
    return owner_connection


def test_a_row_begins_and_moves_only_along_the_table(doors: Connection) -> None:
    guard = protection.transition_guard("doors", "state", MOVES, {"open"})
    apply(doors, guard)
    with pytest.raises(psycopg.errors.CheckViolation, match='may not begin as "shut"'):
        doors.execute("INSERT INTO doors VALUES (1, NULL, 'shut')")
    doors.execute("INSERT INTO doors VALUES (1, NULL, 'open')")
    with pytest.raises(psycopg.errors.CheckViolation, match='from "open" to "gone"'):
        doors.execute("UPDATE doors SET state = 'gone'")
    doors.execute("UPDATE doors SET state = 'open', colour = 'red'")
    doors.execute("UPDATE doors SET state = 'shut'")
    doors.execute("UPDATE doors SET state = 'gone'")
    with pytest.raises(psycopg.errors.CheckViolation):
        doors.execute("UPDATE doors SET state = 'open'")
    apply(doors, protection.reversed_operation(guard))
    doors.execute("UPDATE doors SET state = 'anything'")


def test_the_guard_stands_in_replica_mode(
    doors: Connection, superuser_connection: Connection
) -> None:
    apply(doors, protection.transition_guard("doors", "state", MOVES, {"open"}))
    superuser_connection.execute("SET session_replication_role = replica")
    with pytest.raises(psycopg.errors.CheckViolation):
        superuser_connection.execute("INSERT INTO doors VALUES (1, NULL, 'shut')")


def test_a_tenant_sees_and_writes_its_own_rows_only(
    doors: Connection, app_connection: Connection, service_connection: Connection
) -> None:
    rows = protection.row_level_security("doors")
    apply(doors, rows)
    one, other = uuid4(), uuid4()
    as_tenant(app_connection, one)
    app_connection.execute("INSERT INTO doors VALUES (1, %s, 'open')", [one])
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_connection.execute("INSERT INTO doors VALUES (2, %s, 'open')", [other])
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_connection.execute("UPDATE doors SET tenant_id = %s", [other])
    as_tenant(app_connection, other)
    assert how_many(app_connection) == 0
    as_tenant(app_connection, "")
    assert how_many(app_connection) == 0
    assert how_many(service_connection) == 1
    apply(doors, protection.reversed_operation(rows))
    assert how_many(app_connection) == 1


def test_append_only_can_be_taken_back_by_a_migration_only(
    doors: Connection, app_connection: Connection
) -> None:
    promise = protection.append_only("doors")
    apply(doors, promise)
    app_connection.execute("INSERT INTO doors VALUES (1, NULL, 'open')")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_connection.execute("DELETE FROM doors")
    with pytest.raises(psycopg.errors.RestrictViolation, match="only grows: TRUNCATE refused"):
        doors.execute("TRUNCATE doors")
    apply(doors, protection.reversed_operation(promise))
    app_connection.execute("DELETE FROM doors")


def test_privileges_are_given_and_taken(doors: Connection, app_connection: Connection) -> None:
    apply(doors, protection.revoke("doors", ["INSERT"]))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_connection.execute("INSERT INTO doors VALUES (1, NULL, 'open')")
    apply(doors, protection.grant("doors", ["INSERT"], [protection.APP]))
    app_connection.execute("INSERT INTO doors VALUES (1, NULL, 'open')")


def test_a_sequencer_reads_nothing_but_the_chain(sequencer_connection: Connection) -> None:
    rows = sequencer_connection.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace ="
        " 'public'::regnamespace AND has_table_privilege(oid, 'SELECT, INSERT, UPDATE, DELETE')"
    )
    assert {row[0] for row in rows} == {
        "audit_inbox",
        "audit_leaf",
        "audit_tree",
        "audit_checkpoint",
        "audit_checkpoint_copy",
        "audit_checkpoint_cosignature",
        "audit_checkpoint_stamp",
        "audit_heartbeat",
    }


@pytest.mark.parametrize(
    "broken",
    [
        lambda: protection.append_only("doors; DROP TABLE doors"),
        lambda: protection.revoke("doors", ["EVERYTHING"]),
        lambda: protection.grant("doors", []),
        lambda: protection.transition_guard("doors", "state", {}, {"open"}),
        lambda: protection.transition_guard("doors", "state", {"a'": {"b"}}, {"a"}),
    ],
)
def test_what_is_no_plain_name_never_becomes_sql(broken: Any) -> None:
    with pytest.raises(ValueError, match=r"not|needs"):
        broken()


def apply(connection: Connection, operation: migrations.RunSQL) -> None:
    statements = django_connection.ops.prepare_sql_script(str(operation.sql))
    for statement in statements:
        connection.execute(statement)  # type: ignore[call-overload]


def as_tenant(connection: Connection, tenant: object) -> None:
    connection.execute("SELECT set_config('second_look.tenant', %s, false)", [str(tenant)])


def how_many(connection: Connection) -> int:
    row = connection.execute("SELECT count(*) FROM doors").fetchone()
    assert row is not None
    return int(row[0])
