"""Promises the database keeps by itself, as operations for migrations.

Django's schema editor knows tables and constraints, not who may touch a row. What follows says
the rest in SQL: which tenant's rows a role sees (row-level security), which tables only grow
(append-only), which privileges a role lacks, and which steps a state machine has. Every builder
returns a reversible ``RunSQL``. The runtime roles own nothing, so none of them can undo it.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from django.db import migrations

APP: Final = "second_look_app"
SERVICE: Final = "second_look_service"
SEQUENCER: Final = "second_look_sequencer"
RUNTIME_ROLES: Final = (APP, SERVICE)

# The tenant a transaction works for, set by apps.accounts.tenancy; NULL (no row) when unset.
CURRENT_TENANT: Final = "nullif(current_setting('second_look.tenant', true), '')::uuid"

_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,54}")
_PRIVILEGES: Final = frozenset(
    {"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"}
)


def row_level_security(table: str, *, column: str = "tenant_id") -> migrations.RunSQL:
    """Show the app role only the rows of the transaction's tenant, and the service role all.

    A role without a policy (the sequencer) sees none; without a tenant the app sees none
    either. The owner, who runs migrations, is not restricted.
    """
    name, tenant = _name(table), _name(column)
    # As a subselect it is computed once a query and not once a row.
    own = f"{tenant} = (SELECT {CURRENT_TENANT})"
    return migrations.RunSQL(
        sql=f"""
            ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;
            CREATE POLICY {name}_tenant ON {name} TO {APP} USING ({own}) WITH CHECK ({own});
            CREATE POLICY {name}_service ON {name} TO {SERVICE} USING (true) WITH CHECK (true);
        """,
        reverse_sql=f"""
            DROP POLICY {name}_service ON {name};
            DROP POLICY {name}_tenant ON {name};
            ALTER TABLE {name} DISABLE ROW LEVEL SECURITY;
        """,
    )


def unrestricted(table: str, role: str) -> migrations.RunSQL:
    """Let one more role see every row of a table under row-level security."""
    name, who = _name(table), _name(role)
    policy = f"{name}_{who.removeprefix('second_look_')}"
    return migrations.RunSQL(
        sql=f"CREATE POLICY {policy} ON {name} TO {who} USING (true) WITH CHECK (true)",
        reverse_sql=f"DROP POLICY {policy} ON {name}",
    )


def append_only(table: str) -> migrations.RunSQL:
    """Refuse UPDATE, DELETE and TRUNCATE: by privilege to the runtime roles, by trigger to all.

    The trigger is per statement, because a row trigger never sees TRUNCATE (nor a statement that
    matches no row), and ALWAYS, because ``session_replication_role = replica`` silences others.
    The refusal is an IntegrityError (restrict_violation, 23001).
    """
    name = _name(table)
    return migrations.RunSQL(
        sql=f"""
            REVOKE UPDATE, DELETE, TRUNCATE ON {name} FROM {APP}, {SERVICE};
            CREATE FUNCTION {name}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION '{name} only grows: % refused', TG_OP
                    USING ERRCODE = 'restrict_violation';
            END $$;
            CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name}
                FOR EACH STATEMENT EXECUTE FUNCTION {name}_refuse();
            ALTER TABLE {name} ENABLE ALWAYS TRIGGER {name}_append_only;
        """,
        reverse_sql=f"""
            DROP TRIGGER {name}_append_only ON {name};
            DROP FUNCTION {name}_refuse();
            GRANT UPDATE, DELETE ON {name} TO {APP}, {SERVICE};
        """,
    )


def revoke(
    table: str, privileges: Iterable[str], roles: Iterable[str] = RUNTIME_ROLES
) -> migrations.RunSQL:
    """Take privileges (``["UPDATE", "DELETE"]``) on a table from roles; reversed by granting."""
    what, name, who = _privileges(privileges), _name(table), _names(roles)
    return migrations.RunSQL(
        sql=f"REVOKE {what} ON {name} FROM {who}", reverse_sql=f"GRANT {what} ON {name} TO {who}"
    )


def grant(
    table: str, privileges: Iterable[str], roles: Iterable[str] = RUNTIME_ROLES
) -> migrations.RunSQL:
    """Give privileges on a table to roles; reversed by revoking."""
    what, name, who = _privileges(privileges), _name(table), _names(roles)
    return migrations.RunSQL(
        sql=f"GRANT {what} ON {name} TO {who}", reverse_sql=f"REVOKE {what} ON {name} FROM {who}"
    )


def transition_guard(
    table: str,
    column: str,
    transitions: Mapping[str, Collection[str]],
    initial: Collection[str],
) -> migrations.RunSQL:
    """Let a row begin only in an initial state and move only along the table of transitions.

    ``transitions`` maps a state to the states that may follow it. Writing the same state again
    is no move. The refusal is an IntegrityError (check_violation, 23514). When the table
    changes, a new migration reverses the old guard (``reversed_operation``) and adds the new.
    """
    name, state = _name(table), _name(column)
    guard = f"{name}_{state}_guard"
    if not transitions or not initial:
        raise ValueError("a guard needs transitions and at least one initial state")
    moves = ", ".join(
        f"({_literal(before)}, {_literal(after)})"
        for before in sorted(transitions)
        for after in sorted(transitions[before])
    )
    first = ", ".join(_literal(value) for value in sorted(initial))
    return migrations.RunSQL(
        sql=f"""
            CREATE FUNCTION {guard}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'INSERT' THEN
                    IF NEW.{state} IN ({first}) THEN RETURN NEW; END IF;
                    RAISE EXCEPTION '{name} may not begin as "%"', NEW.{state}
                        USING ERRCODE = 'check_violation', CONSTRAINT = '{guard}';
                END IF;
                IF NEW.{state} = OLD.{state}
                        OR (OLD.{state}, NEW.{state}) IN ({moves}) THEN
                    RETURN NEW;
                END IF;
                RAISE EXCEPTION '{name} may not move from "%" to "%"', OLD.{state}, NEW.{state}
                    USING ERRCODE = 'check_violation', CONSTRAINT = '{guard}';
            END $$;
            CREATE TRIGGER {guard} BEFORE INSERT OR UPDATE OF {state} ON {name}
                FOR EACH ROW EXECUTE FUNCTION {guard}();
            ALTER TABLE {name} ENABLE ALWAYS TRIGGER {guard};
        """,
        reverse_sql=f"DROP TRIGGER {guard} ON {name}; DROP FUNCTION {guard}();",
    )


def reversed_operation(operation: migrations.RunSQL) -> migrations.RunSQL:
    """Return the operation with forwards and backwards exchanged, to replace an older promise."""
    if operation.reverse_sql is None:
        raise ValueError("the operation has no reverse")
    return migrations.RunSQL(sql=operation.reverse_sql, reverse_sql=operation.sql)


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(f"{value!r} is not a plain SQL name")
    return value


def _names(values: Iterable[str]) -> str:
    return ", ".join(_name(value) for value in values)


def _privileges(values: Iterable[str]) -> str:
    words = [value.upper() for value in values]
    unknown = set(words) - _PRIVILEGES
    if unknown or not words:
        raise ValueError(f"not table privileges: {sorted(unknown)}")
    return ", ".join(words)


def _literal(value: str) -> str:
    text = str(value)
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is not a state name")
    return f"'{text}'"
