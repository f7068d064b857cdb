"""The explanation of Art. 86 as a signed document, and as a section of the dossier."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from apps.accounts.models import Tenant
from apps.alerts.models import Alert
from apps.cases.dossier.plain_words import explain_to_person
from apps.cases.dossier.words import Section, utc
from apps.evidence.documents.pades import sign_pdf
from apps.evidence.documents.typesetting import compile_pdf

TEMPLATE: Final = Path(__file__).with_name("explanation.typ")


@dataclass(frozen=True, kw_only=True)
class PersonExplanation:
    """The words, and the same as a signed PDF/A-2b. Neither holds a name, an id or a picture of anybody."""

    record: dict[str, object]
    pdf: bytes


def explanation_for_person(alert: Alert, *, now: datetime) -> PersonExplanation:
    """The explanation for whom an alert is about, as of now. Runs inside the tenant's scope; writes nothing.

    Raises UnableToSign.
    """
    tenant = Tenant.objects.get(id=alert.tenant_id)
    at = alert.camera_at.astimezone(ZoneInfo(alert.site.timezone))
    words: dict[str, object] = {
        "reference": alert.reference,
        "tenant": tenant.name,
        "site": alert.site.name,
        "at": at.strftime("%d %B %Y, %H:%M"),
        "is_drill": alert.is_drill,
        "made_at": utc(now),
        "made": {
            part: getattr(now, part)
            for part in ("year", "month", "day", "hour", "minute", "second")
        },
        "parts": [
            {"title": part.title, "paragraphs": list(part.paragraphs)}
            for part in explain_to_person(alert).parts
        ],
    }
    pages = compile_pdf(template=TEMPLATE, record=words)
    reason = f"Explanation of alert {alert.reference}"
    return PersonExplanation(record=words, pdf=sign_pdf(pages, reason=reason, now=now))


def explanation_section(alert: Alert) -> Section:
    """The same words inside the dossier."""
    parts = explain_to_person(alert).parts
    return Section(
        article="Art. 86",
        title="explanation to the person",
        facts=tuple((part.title, " ".join(part.paragraphs)) for part in parts),
    )
