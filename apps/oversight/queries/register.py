"""The register in force of a tenant."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from apps.oversight.models import RiskRegisterVersion
from apps.oversight.register import Risk, risks_of, shipped_risks
from apps.triage.canonical import canonical_digest


@dataclass(frozen=True, kw_only=True)
class Register:
    """The entries in force. Version 0 is the shipped register."""

    version: int
    digest: str
    risks: tuple[Risk, ...]
    created_at: datetime | None

    @property
    def name(self) -> str:
        """How a dossier names it."""
        return f"risk-register-{self.version}/{self.digest[:12]}"

    def due(self, on: date) -> list[Risk]:
        """The entries whose review is due."""
        return [one for one in self.risks if one.is_due(on)]


def register_of(tenant_id: UUID) -> Register:
    """The latest version of the tenant, or the shipped one."""
    row = RiskRegisterVersion.objects.filter(tenant_id=tenant_id).order_by("-version").first()
    if row is None:
        risks = shipped_risks()
        return Register(version=0, digest=digest_of(risks), risks=risks, created_at=None)
    risks = risks_of(row.content["risks"])
    return Register(version=row.version, digest=row.digest, risks=risks, created_at=row.created_at)


def digest_of(risks: tuple[Risk, ...]) -> str:
    """SHA-256 over the entries' canonical JSON."""
    return canonical_digest({"risks": [one.as_json() for one in risks]})
