"""`manage.py dossier_verify`: read stored dossiers and check digest, signature and chain of each."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor
from apps.cases.dossier.checking import check_dossier
from apps.evidence.models import EvidenceItem, EvidenceKind
from apps.triage.states import EvidenceState


class Command(BaseCommand):
    help = (
        "Check stored dossiers: bytes, signature, audit chain. Ends with 1 when one does not hold."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--alert", help="only those of this alert (its id)")
        parser.add_argument("--newest", type=int, default=0, help="only so many, newest first")

    def handle(self, *args: Any, **options: Any) -> None:
        checked = failed = 0
        for tenant in Tenant.objects.order_by("slug"):
            for item in self._items(tenant, options["alert"], options["newest"]):
                found = check_dossier(actor=Actor.system(tenant.id), item=item)
                checked += 1
                failed += not found.holds
                state = "holds" if found.holds else "DOES NOT HOLD"
                self.stdout.write(f"{item.id} {item.original_name}: {state}")
                for one in found.findings:
                    if not one.holds:
                        self.stdout.write(f"  {one.what}: {one.words}")
        self.stdout.write(f"{checked} dossiers checked, {failed} do not hold")
        if failed:
            raise CommandError(f"{failed} of {checked} dossiers do not hold")

    def _items(self, tenant: Tenant, alert: str | None, newest: int) -> list[EvidenceItem]:
        with tenant_scope(tenant.id):
            items = EvidenceItem.objects.filter(
                tenant=tenant, kind=EvidenceKind.DOSSIER, state=EvidenceState.KEPT
            ).order_by("-acquired_at")
            if alert:
                items = items.filter(alert_id=alert)
            return list(items[:newest] if newest else items)
