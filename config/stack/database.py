"""Roles, database, extension and default privileges: what only a PostgreSQL superuser can set up.

The one way to do it, for the embedded server and for any other: `bootstrap_database`, called by
`Postgres.bootstrap` and by `manage.py prepare` (which takes an administrator's address from
DATABASE_ADMIN_URL and the four roles' passwords from their own addresses). It can be run again at
any time, for instance to change passwords.

The owner creates the tables and owns everything. The application, the service (sweepers across
tenants) and the audit sequencer own nothing: they cannot create, truncate, or switch off a trigger
or a row-level policy. pgvector is not a trusted extension, so the superuser creates it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import LiteralString
from urllib.parse import quote, unquote, urlsplit

import psycopg
from psycopg import sql

OWNER = "second_look_owner"
APP = "second_look_app"
SERVICE = "second_look_service"
SEQUENCER = "second_look_sequencer"
ROLES = (OWNER, APP, SERVICE, SEQUENCER)
DATABASE = "second_look"

# A transaction left open by a dead client holds locks and keeps the audit sequencer waiting.
IDLE_IN_TRANSACTION = {OWNER: "10min", APP: "60s", SERVICE: "60s", SEQUENCER: "60s"}


@dataclass(frozen=True)
class Address:
    """Where a database is and as whom to reach it."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        if not (self.host and self.database and self.user):
            raise ValueError("a database address needs a host, a database and a user")

    @classmethod
    def parse(cls, url: str) -> "Address":
        """Read postgresql://user:password@host:port/database. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in {"postgres", "postgresql"}:
            raise ValueError("a database address begins with postgresql://")
        return cls(
            host=parts.hostname or "",
            port=parts.port or 5432,
            database=unquote(parts.path[1:]),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )

    def url(self) -> str:
        who = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"postgresql://{who}@{self.host}:{self.port}/{quote(self.database, safe='')}"

    def connect(
        self, *, autocommit: bool = False, patience_seconds: int = 10
    ) -> "psycopg.Connection":
        """A new connection. Raises psycopg.OperationalError."""
        return psycopg.connect(
            host=self.host,
            port=self.port,
            dbname=self.database,
            user=self.user,
            password=self.password,
            connect_timeout=patience_seconds,
            application_name="second-look stack",
            autocommit=autocommit,
        )


def bootstrap_database(
    *, admin: Address, passwords: Mapping[str, str], database: str = DATABASE
) -> None:
    """Create or correct the four roles, the database, pgvector and the default privileges.

    `passwords` has one entry per role of ROLES; `admin` is a superuser of the server.
    """
    with admin.connect(autocommit=True) as connection:
        for role in ROLES:
            _ensure_role(connection, role, passwords[role])
        if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", database):
            create_database(connection, database)
    with replace(admin, database=database).connect() as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        _restrict_schema(connection)


def create_database(
    connection: "psycopg.Connection", name: str, *, template: str = "template0"
) -> None:
    """Create a database of the owner that only our four roles may enter. Needs autocommit.

    A copy inherits the template's tables, privileges and extensions, but not who may connect.
    """
    names = {"name": sql.Identifier(name), "template": sql.Identifier(template)}
    owner, roles = sql.Identifier(OWNER), _identifiers(ROLES)
    encoding = sql.SQL(" ENCODING 'UTF8'" if template == "template0" else "")
    connection.execute(
        sql.SQL("CREATE DATABASE {name} OWNER {owner} TEMPLATE {template}").format(
            owner=owner, **names
        )
        + encoding
    )
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {name} FROM PUBLIC").format(**names))
    connection.execute(
        sql.SQL("GRANT CONNECT ON DATABASE {name} TO {roles}").format(roles=roles, **names)
    )


def drop_database(connection: "psycopg.Connection", name: str) -> None:
    """Drop a database, closing whatever connections it still has. Needs autocommit."""
    connection.execute(
        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    )


def _ensure_role(connection: "psycopg.Connection", role: str, password: str) -> None:
    name = sql.Identifier(role)
    if not _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", role):
        connection.execute(sql.SQL("CREATE ROLE {}").format(name))
    connection.execute(
        sql.SQL(
            "ALTER ROLE {} WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
            " NOBYPASSRLS PASSWORD {}"
        ).format(name, sql.Literal(password))
    )
    connection.execute(
        sql.SQL("ALTER ROLE {} SET idle_in_transaction_session_timeout = {}").format(
            name, sql.Literal(IDLE_IN_TRANSACTION[role])
        )
    )


def _restrict_schema(connection: "psycopg.Connection") -> None:
    """In the connection's database: the owner creates, the others only use what they are given."""
    names = {
        "owner": sql.Identifier(OWNER),
        "runtime": _identifiers((APP, SERVICE)),
        "users": _identifiers((APP, SERVICE, SEQUENCER)),
    }
    for statement in _RESTRICTIONS:
        connection.execute(sql.SQL(statement).format(**names))


_RESTRICTIONS: tuple[LiteralString, ...] = (
    "ALTER SCHEMA public OWNER TO {owner}",
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    "GRANT USAGE ON SCHEMA public TO {users}",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public"
    " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {runtime}",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public"
    " GRANT USAGE, SELECT ON SEQUENCES TO {runtime}",
)


def _identifiers(names: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _exists(connection: "psycopg.Connection", query: LiteralString, name: str) -> bool:
    return connection.execute(query, [name]).fetchone() is not None
