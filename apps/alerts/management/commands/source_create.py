"""`manage.py source_create`: a sender of alerts, with the secret it signs with."""

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.alerts.operations import create_source
from apps.alerts.operations.rescoring import require_rescoring, set_rescoring
from apps.audit.events import Actor


class Command(BaseCommand):
    help = "Create a detector source and print its signing secret, this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, help="the tenant's slug")
        parser.add_argument("--name", required=True, help="what the sender is called")
        parser.add_argument("--rescore-url", default="", help="where it scores frames again")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(
        self, *args: Any, tenant: str, name: str, rescore_url: str, json: bool, **options: Any
    ) -> None:
        owner = Tenant.objects.filter(slug=tenant).first()
        if owner is None:
            raise CommandError(f"There is no tenant {tenant!r}.")
        try:
            with tenant_scope(owner.id):
                actor = Actor.system(owner.id)
                require_rescoring(url=rescore_url, beyond_network=False)
                source, secret = create_source(actor=actor, name=name)
                again = rescore_url and set_rescoring(actor=actor, source=source, url=rescore_url)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(
            _as_json(str(source.id), secret, again)
            if json
            else _as_text(str(source.id), secret, again)
        )


def _as_json(source: str, secret: str, again: str | None) -> str:
    facts = {"source": source, "secret": secret}
    return json.dumps(facts | ({"rescore_secret": again} if again else {}))


def _as_text(source: str, secret: str, again: str | None) -> str:
    asked = f"Re-scoring secret:  {again}\n" if again else ""
    return (
        f"Second-Look-Source: {source}\nSecret:             {secret}\n{asked}\n"
        "No secret is shown again. docs/api.md says how to sign with it, docs/rescoring.md how we do."
    )
