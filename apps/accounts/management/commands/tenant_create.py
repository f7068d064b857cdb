"""`manage.py tenant_create`: a real store without demo rows, and its first administrator."""

import json
import secrets
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.accounts.models import Tenant
from apps.accounts.operations import create_person, create_tenant, record_tenant_created
from apps.accounts.permissions import Role
from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor

PASSWORD_BYTES = 15


class Command(BaseCommand):
    help = "Start a retailer with its first administrator; prints a password to change at sign-in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="short name in addresses, such as acme")
        parser.add_argument("--name", required=True, help="the retailer's name")
        parser.add_argument("--currency", default="EUR", help="three capitals, such as EUR")
        parser.add_argument("--admin-email", required=True, help="the first administrator")
        parser.add_argument("--admin-name", default="Administrator")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        try:
            tenant = _create(options, password)
        except ValidationError as error:
            raise CommandError(_sentence(error)) from error
        facts = {"tenant": tenant.slug, "email": options["admin_email"], "password": password}
        self.stdout.write(json.dumps(facts) if options["json"] else _in_words(tenant, facts))


@transaction.atomic
def _create(options: dict[str, Any], password: str) -> Tenant:
    tenant = create_tenant(slug=options["slug"], name=options["name"], currency=options["currency"])
    with tenant_scope(tenant.id):
        record_tenant_created(tenant=tenant)
        create_person(
            actor=Actor.system(tenant.id),
            tenant=tenant,
            email=options["admin_email"],
            name=options["admin_name"],
            role=Role.ADMINISTRATOR,
            password=password,
        )
    return tenant


def _in_words(tenant: Tenant, facts: dict[str, str]) -> str:
    return (
        f"{tenant.name} is there.\n\n  Sign in as  {facts['email']}\n  Password    {facts['password']}\n\n"
        "The password is not shown again: change it after signing in, and add a passkey.\n"
        "Next, in the administration: sites, cameras, people. Then `manage.py source_create`.\n"
        "People see alerts at once, and decide them once you or compliance recorded their training: Compliance, Training."
    )


def _sentence(error: ValidationError) -> str:
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return " ".join(
        f"{field}: {' '.join(messages)}" for field, messages in error.message_dict.items()
    )
