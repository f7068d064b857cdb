"""Bring servers we did not start to where our processes need them; for every release, at any time."""

import asyncio
import gc
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    RegisterNamespaceRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from apps.storage.errors import StorageError
from apps.storage.store import ensure_buckets
from config import env
from config.stack import database
from config.stack.database import Address
from config.stack.temporal import SEARCH_ATTRIBUTES

ROLE_VARIABLES = {
    database.OWNER: "DATABASE_OWNER_URL",
    database.APP: "DATABASE_APP_URL",
    database.SERVICE: "DATABASE_SERVICE_URL",
    database.SEQUENCER: "DATABASE_SEQUENCER_URL",
}


RETENTION_SECONDS = 30 * 24 * 3600
NAMESPACE_SPREADS_SECONDS = 12.0  # every part of the server re-reads the list of namespaces in ten


class Command(BaseCommand):
    help = (
        "Prepare given servers: roles and database (with DATABASE_ADMIN_URL), schema, S3 buckets, "
        "Temporal search attributes. Run it as the owner: DATABASE_URL=$DATABASE_OWNER_URL."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        if admin := env.text("DATABASE_ADMIN_URL"):
            self._say("roles, database and pgvector")
            database.bootstrap_database(admin=Address.parse(admin), passwords=_passwords())
        self._say("schema")
        call_command("migrate", interactive=False, skip_checks=True, verbosity=1)
        self._say("buckets")
        try:
            ensure_buckets()
        except StorageError as problem:
            raise CommandError(str(problem)) from problem
        self._say("namespace and search attributes")
        try:
            asyncio.run(prepare_temporal())
        except (RPCError, RuntimeError) as problem:
            raise CommandError(f"Temporal at {settings.TEMPORAL_ADDRESS}: {problem}") from problem
        gc.collect()  # temporalio may crash when the interpreter ends with its objects alive

    def _say(self, what: str) -> None:
        self.stdout.write(f"preparing {what}")
        self.stdout.flush()


def _passwords() -> dict[str, str]:
    """The four roles' passwords from their own addresses, whose user names must be the roles'."""
    found = {}
    for role, variable in ROLE_VARIABLES.items():
        try:
            address = Address.parse(env.text(variable))
        except ValueError as problem:
            raise CommandError(f"{variable}: {problem}") from None
        if address.user != role:
            raise CommandError(f"{variable} must name the user {role}, not {address.user}.")
        found[role] = address.password
    return found


async def prepare_temporal() -> None:
    """The namespace and the search attributes, where they are missing; to have them is not an error."""
    namespace = settings.TEMPORAL_NAMESPACE
    client = await Client.connect(settings.TEMPORAL_ADDRESS, namespace=namespace)
    try:
        await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=namespace)
        )
    except RPCError as problem:
        if problem.status is not RPCStatusCode.NOT_FOUND:
            raise
        await client.workflow_service.register_namespace(
            RegisterNamespaceRequest(
                namespace=namespace,
                workflow_execution_retention_period=Duration(seconds=RETENTION_SECONDS),
            )
        )
        await asyncio.sleep(NAMESPACE_SPREADS_SECONDS)
    await _add_search_attributes(client)


async def _add_search_attributes(client: Client) -> None:
    operator, namespace = client.operator_service, settings.TEMPORAL_NAMESPACE
    known = await operator.list_search_attributes(ListSearchAttributesRequest(namespace=namespace))
    missing = {
        name: IndexedValueType.Value(f"INDEXED_VALUE_TYPE_{kind.upper()}")
        for name, kind in SEARCH_ATTRIBUTES.items()
        if name not in known.custom_attributes
    }
    if missing:
        await operator.add_search_attributes(
            AddSearchAttributesRequest(namespace=namespace, search_attributes=missing)
        )
