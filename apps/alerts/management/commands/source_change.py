"""`manage.py source_change`: whether and how a detector can be asked to score frames again."""

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import DetectorSource
from apps.alerts.operations.rescoring import rotate_rescore_secret, set_rescoring, try_rescoring
from apps.alerts.rescoring import UnableToRescore
from apps.audit.events import Actor


class Command(BaseCommand):
    help = "Change where a source's detector scores frames again, and try it (docs/rescoring.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, help="the tenant's slug")
        parser.add_argument("--name", required=True, help="what the sender is called")
        parser.add_argument("--rescore-url", help='its address, or "" to ask it no more')
        parser.add_argument("--rescore-timeout", type=float, metavar="SECONDS")
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--beyond-network", action="store_true", default=None)
        where.add_argument("--inside-network", action="store_false", dest="beyond_network")
        parser.add_argument("--new-rescore-secret", action="store_true")
        parser.add_argument("--try", action="store_true", dest="tried", help="send a test frame")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, tenant: str, name: str, json: bool, **options: Any) -> None:
        owner = Tenant.objects.filter(slug=tenant).first()
        source = DetectorSource.objects.filter(tenant=owner, name=name).first() if owner else None
        if owner is None or source is None:
            raise CommandError(f"There is no source {name!r} of a tenant {tenant!r}.")
        try:
            with tenant_scope(owner.id):
                secret = _changed(Actor.system(owner.id), source, options)
            score = try_rescoring(source=source) if options["tried"] else None
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except UnableToRescore as problem:
            raise CommandError(str(problem)) from problem
        self._say(source, secret, score, as_json=json)

    def _say(
        self, source: DetectorSource, secret: str | None, score: float | None, *, as_json: bool
    ) -> None:
        if as_json:
            facts = {"source": str(source.id), "rescore_url": source.rescore_url}
            self.stdout.write(json.dumps(facts | {"secret": secret, "score": score}))
            return
        self.stdout.write(f"Re-scoring at: {source.rescore_url or 'nowhere'}")
        if secret:
            self.stdout.write(f"Secret:        {secret}\n\nThe secret is not shown again.")
        if score is not None:
            self.stdout.write(f"It answered:   {score:g}")


def _changed(actor: Actor, source: DetectorSource, options: dict[str, Any]) -> str | None:
    url, seconds, beyond = (
        options[name] for name in ("rescore_url", "rescore_timeout", "beyond_network")
    )
    secret = None
    if any(value is not None for value in (url, seconds, beyond)):
        secret = set_rescoring(
            actor=actor,
            source=source,
            url=source.rescore_url if url is None else url,
            timeout_seconds=seconds,
            beyond_network=beyond,
        )
    if options["new_rescore_secret"] and secret is None:
        secret = rotate_rescore_secret(actor=actor, source=source)
    return secret
