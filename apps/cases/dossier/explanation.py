"""The explanation of Art. 86 in plain words: what the system did, what weighed, what people did, how to contest it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from apps.accounts.models import Tenant
from apps.alerts.models import Alert, Disposition
from apps.alerts.queries import latest_assessment
from apps.cases.dossier.words import Section, not_known, utc
from apps.evidence.documents.pades import sign_pdf
from apps.evidence.documents.typesetting import compile_pdf
from apps.triage.assessment import AssessmentRecord, read_record
from apps.triage.explanation import explain
from apps.triage.states import Verdict
from apps.triage.vocabulary import label_words

TEMPLATE: Final = Path(__file__).with_name("explanation.typ")
ROLE: Final = (
    "Software looked at footage of one camera and put forward a moment for a person to look at. "
    "It did not decide anything about you, and nothing may be done on its word alone. "
    "It judges observed acts; it does not judge intent, character or feelings."
)
_VERDICTS: Final = {
    Verdict.THEFT_CONFIRMED: "A person watched the footage and recorded that they saw goods taken without payment.",
    Verdict.FALSE_ALARM: "A person watched the footage and recorded that the software was wrong.",
    Verdict.BENIGN_EXPLAINED: "A person looked and recorded that what was seen has an innocent explanation.",
    Verdict.INCONCLUSIVE: "A person looked and recorded that the footage does not show what happened.",
}
_UNDECIDED: Final = (
    "No person has decided anything yet. Nothing has been done because of this alert."
)


@dataclass(frozen=True, kw_only=True)
class PersonExplanation:
    """The words, and the same as a signed PDF/A-2b. Neither holds a name, an id or a picture of anybody."""

    record: dict[str, object]
    pdf: bytes


def explanation_for_person(alert: Alert, *, now: datetime) -> PersonExplanation:
    """The explanation for whom an alert is about, as of now. Runs inside the tenant's scope; writes nothing.

    It names no person: not who decided, not who else is in the footage, nobody on a list. Raises RecordAltered,
    UnableToSign.
    """
    tenant = Tenant.objects.get(id=alert.tenant_id)
    assessment = latest_assessment(alert)
    record = read_record(assessment.record) if assessment else None
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
            {"title": title, "paragraphs": list(paragraphs)}
            for title, paragraphs in explained(alert, record=record, contest_to=tenant.name)
        ],
    }
    pages = compile_pdf(template=TEMPLATE, record=words)
    reason = f"Explanation of alert {alert.reference}"
    return PersonExplanation(record=words, pdf=sign_pdf(pages, reason=reason, now=now))


def explained(
    alert: Alert, *, record: AssessmentRecord | None, contest_to: str
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Titles and paragraphs, in the order in which a person asks."""
    decisions = list(alert.dispositions.order_by("decided_at"))
    return (
        ("What the system did", (ROLE,)),
        ("What weighed most", factors(record)),
        ("What people did", _people(decisions)),
        ("How to contest it", (_contest(alert, contest_to),)),
    )


def explanation_section(
    alert: Alert, *, record: AssessmentRecord | None, contest_to: str
) -> Section:
    """The same words inside the dossier."""
    parts = explained(alert, record=record, contest_to=contest_to)
    return Section(
        article="Art. 86",
        title="explanation to the person",
        facts=tuple((title, " ".join(paragraphs)) for title, paragraphs in parts),
    )


def factors(record: AssessmentRecord | None) -> tuple[str, ...]:
    """The main factors of the proposal, in sentences, strongest rule first."""
    if record is None:
        return (f"What weighed is {not_known('the software has not concluded anything')}.",)
    words = explain(record)
    return (
        f"The act put forward was: {label_words(record.inputs.label)}. {words.sequence}".strip(),
        f"How often alerts like this are wrong: {words.trust} {words.segment}".strip(),
        f"What the software proposed: {words.verdict}.",
        *words.reasons,
        f"Whether looks played a part: {words.fairness.verdict}",
    )


def _people(decisions: list[Disposition]) -> tuple[str, ...]:
    if not decisions:
        return (_UNDECIDED,)
    said = [f"{_VERDICTS[Verdict(one.verdict)]} ({utc(one.decided_at)})" for one in decisions]
    if len(said) > 1:
        said[-1] = f"Later this was corrected by another person, and this holds now: {said[-1]}"
    return tuple(said)


def _contest(alert: Alert, contest_to: str) -> str:
    return (
        f"Write to {contest_to} and quote {alert.reference}. You may ask for a person to look again, say what happened in "
        "your own words, see the data held about you, have it corrected or deleted where the law provides it, and "
        "complain to the data protection or market surveillance authority of your country."
    )
