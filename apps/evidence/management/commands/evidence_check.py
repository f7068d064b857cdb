"""``manage.py evidence_check``: are the stored bytes still those that were acquired?"""

import sys
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.evidence.models import CheckOutcome, EvidenceItem
from apps.evidence.operations.checks import all_kept, check_items


class Command(BaseCommand):
    help = "Read stored evidence again, compare its digests, and exit with 1 when something is not as it was."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--all", action="store_true", help="everything that is kept")
        what.add_argument("--item", type=UUID, metavar="ID", help="one evidence item")

    def handle(self, *args: Any, **options: Any) -> None:
        checked = bad = 0
        for tenant_id in Tenant.objects.order_by("slug").values_list("id", flat=True):
            ids = self._ids(tenant_id, options["item"])
            sweep = check_items(tenant_id=tenant_id, item_ids=ids, now=timezone.now())
            checked += sweep.checked
            bad += sweep.altered + sweep.missing + sweep.unread
            if sweep.unread:
                self.stdout.write(f"{sweep.unread} could not be read: the store did not answer")
            self._name_the_bad(tenant_id, ids)
        self.stdout.write(f"{checked} checked, {bad} not as acquired or not readable")
        if bad:
            sys.exit(1)

    def _ids(self, tenant_id: UUID, item: UUID | None) -> list[UUID]:
        with tenant_scope(tenant_id):
            kept = all_kept(tenant_id)
        return kept if item is None else [one for one in kept if one == item]

    def _name_the_bad(self, tenant_id: UUID, ids: list[UUID]) -> None:
        wrong = (CheckOutcome.ALTERED, CheckOutcome.MISSING)
        with tenant_scope(tenant_id):
            rows = EvidenceItem.objects.filter(id__in=ids, check_outcome__in=wrong)
            for item in rows:
                self.stdout.write(f"{item.check_outcome}  {item.id}  {item.bucket}/{item.key}")
