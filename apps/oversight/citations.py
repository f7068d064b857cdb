"""What dossiers cite of oversight: the version of each register that was in force at a moment."""

from datetime import datetime
from uuid import UUID

from apps.cases.dossier.sources import Source, cite_by
from apps.oversight.models import Notice, RiskRegisterVersion, SystemCardVersion
from apps.oversight.queries.register import digest_of
from apps.oversight.register import shipped_risks


def offer_citations() -> None:
    """Let dossiers name risk register, system card and notice. Called once, when the app is ready."""
    cite_by(Source.RISK_REGISTER, _register)
    cite_by(Source.SYSTEM_CARD, _card)
    cite_by(Source.NOTICE, _notice)


def _register(tenant_id: UUID, site_id: UUID, at: datetime) -> str | None:
    rows = RiskRegisterVersion.objects.filter(tenant_id=tenant_id, created_at__lte=at)
    row = rows.order_by("-version").first()
    if row is None:
        return f"risk-register-0/{digest_of(shipped_risks())[:12]}, as shipped"
    return f"risk-register-{row.version}/{row.digest[:12]}"


def _card(tenant_id: UUID, site_id: UUID, at: datetime) -> str | None:
    rows = SystemCardVersion.objects.filter(tenant_id=tenant_id, created_at__lte=at)
    row = rows.order_by("-version").first()
    return None if row is None else f"system-card-{row.version}/{row.digest[:12]}"


def _notice(tenant_id: UUID, site_id: UUID, at: datetime) -> str | None:
    rows = Notice.objects.filter(tenant_id=tenant_id, site_id=site_id, created_at__lte=at)
    row = rows.order_by("-version").first()
    if row is None:
        return None
    return f"notice-{row.version} ({row.language})/{row.digest[:12]}"
