"""``manage.py audit_verify``: does the audit chain still say what was signed?"""

from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.audit.connections import open_connection
from apps.audit.events import NO_TENANT
from apps.audit.signing import TrustedKeys, parsed_keys, trusted_keys
from apps.audit.verify import Verification, latest_checkpoint, verify_chain
from apps.storage.errors import StorageUnavailable
from apps.storage.keys import TENANTS
from apps.storage.store import evidence_store

_CHAINS = """
    SELECT tenant_id::text FROM audit_tree UNION SELECT tenant_id::text FROM audit_checkpoint
    UNION SELECT DISTINCT tenant_id::text FROM audit_leaf
"""


class Command(BaseCommand):
    help = "Verify the audit chain of every tenant, or of one; exit with 1 when it does not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG|UUID", help="only this tenant's chain")
        parser.add_argument(
            "--from-checkpoint",
            nargs="?",
            type=int,
            const=-1,
            default=0,
            metavar="SIZE",
            help="hash again only what follows the checkpoint at SIZE (default: the latest)",
        )
        parser.add_argument(
            "--without-bucket", action="store_true", help="leave the locked copies out"
        )
        parser.add_argument(
            "--public-keys",
            type=Path,
            metavar="FILE",
            help="verifier keys, one a line (default: those beside the signing key)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        trusted = self._trusted(options["public_keys"])
        with open_connection("audit-verify", statement_seconds=0) as connection:
            tenants = self._tenants(connection, options)
            results = [self._verify(connection, name, trusted, options) for name in tenants]
        if not results:
            self.stdout.write("There is no chain yet.")
        if not all(results):
            raise CommandError("The audit chain does NOT hold; see above.", returncode=1)

    def _verify(
        self,
        connection: "psycopg.Connection[tuple[Any, ...]]",
        tenant: str,
        trusted: TrustedKeys,
        options: dict[str, Any],
    ) -> bool:
        start = options["from_checkpoint"]
        if start < 0:
            start = latest_checkpoint(connection, tenant=tenant)
        try:
            found = verify_chain(
                connection,
                tenant=tenant,
                trusted=trusted,
                bucket=None if options["without_bucket"] else evidence_store(),
                from_checkpoint=start,
                authorities=settings.AUDIT_TSA_CERTIFICATES,
                witness_key=settings.AUDIT_WITNESS_KEY,
            )
        except ValueError as error:
            raise CommandError(f"{tenant}: {error}") from error
        except StorageUnavailable as error:
            raise CommandError(
                f"could not read the locked bucket ({error}); --without-bucket leaves it out"
            ) from error
        self._tell(found)
        return found.holds

    def _tell(self, found: Verification) -> None:
        since = f" from entry {found.checked_from}" if found.checked_from else ""
        lost = f", {found.lost_reasons} reasons no longer kept" if found.lost_reasons else ""
        stamps = f", {found.stamps} time stamps" if found.stamps else ""
        stamps += f", {found.cosignatures} cosignatures" if found.cosignatures else ""
        verdict = "holds" if found.holds else "DOES NOT HOLD"
        self.stdout.write(
            f"{found.tenant}: {found.entries} entries, {found.checkpoints} checkpoints{since}"
            f"{stamps}{lost}: {verdict}"
        )
        for problem in found.problems:
            self.stdout.write(f"  - {problem.sentence}")

    def _trusted(self, file: Path | None) -> TrustedKeys:
        if file is None:
            return trusted_keys(settings.AUDIT_SIGNING_KEY_FILE)
        try:
            return parsed_keys(file.read_text(encoding="utf-8").splitlines())
        except (OSError, ValueError) as error:
            raise CommandError(f"{file} holds no verifier keys: {error}") from error

    def _tenants(
        self, connection: "psycopg.Connection[tuple[Any, ...]]", options: dict[str, Any]
    ) -> Iterable[str]:
        """Name every chain that is, was or should be: a wiped one must not go unnoticed."""
        if options["tenant"]:
            return [self._tenant(options["tenant"])]
        found = {row[0] for row in connection.execute(_CHAINS)}
        found |= {str(id_) for id_ in _tenant_model().objects.values_list("id", flat=True)}
        found.add(str(NO_TENANT))
        if not options["without_bucket"]:
            try:
                found |= set(evidence_store().folders(prefix=TENANTS))
            except StorageUnavailable as error:
                raise CommandError(f"could not read the locked bucket: {error}") from error
        return sorted(found)

    def _tenant(self, name: str) -> str:
        try:
            return str(UUID(name))
        except ValueError:
            row = _tenant_model().objects.filter(slug=name).values_list("id", flat=True).first()
        if row is None:
            raise CommandError(f"There is no tenant {name!r}.")
        return str(row)


def _tenant_model() -> Any:
    return apps.get_model("accounts", "Tenant")
