"""A decision explained to the person it was about (AI Act Art. 86, GDPR Art. 15(1)(h)): plain words, nobody else's data."""

from dataclasses import dataclass

from apps.accounts.models import User
from apps.alerts.models import Alert, Disposition
from apps.alerts.queries import latest_assessment
from apps.triage.assessment import RecordAltered, read_record
from apps.triage.explanation import Explanation, explain
from apps.triage.states import Verdict

_VERDICTS = {
    Verdict.THEFT_CONFIRMED: "confirmed that the footage shows an item taken without being paid for",
    Verdict.FALSE_ALARM: "decided that it was a false alarm",
    Verdict.INCONCLUSIVE: "decided that the footage does not show enough to say",
    Verdict.BENIGN_EXPLAINED: "decided that what was seen has an innocent explanation",
}


@dataclass(frozen=True, kw_only=True)
class Section:
    """One question the person may have, and its answer in sentences."""

    question: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AlertExplained:
    """One alert in plain words."""

    reference: str
    sections: tuple[Section, ...]


def explain_to_person(alert: Alert) -> AlertExplained:
    """The system's role, the main factors, the human's role, how to contest. Inside the tenant's scope."""
    assessment = latest_assessment(alert)
    try:
        found = explain(read_record(assessment.record)) if assessment else None
    except RecordAltered:
        found = None
    sections = (
        Section(question="What was noticed?", sentences=_noticed(alert)),
        Section(question="What did the software do?", sentences=_software(found)),
        Section(question="What counted most?", sentences=_factors(found)),
        Section(question="What did people do?", sentences=_people(alert)),
        Section(question="How can I contest it?", sentences=_contest(alert)),
    )
    return AlertExplained(reference=alert.reference, sections=sections)


def as_text(explained: AlertExplained) -> str:
    """The same as plain text."""
    lines = [f"Alert {explained.reference}", ""]
    for section in explained.sections:
        lines += [section.question, *(f"  {sentence}" for sentence in section.sentences), ""]
    return "\n".join(lines)


def _noticed(alert: Alert) -> tuple[str, ...]:
    at = alert.camera_at.strftime("%d %B %Y, %H:%M:%S UTC")
    act = alert.label.replace("_", " ")
    who = "A person raised an alert" if alert.raised_by else "A camera's software raised an alert"
    return (
        f"{who} at {alert.site.name}, camera {alert.camera.name}, on {at} (the camera's clock).",
        f"The act it named: {act}. It names what was seen to happen, not what anybody intended.",
    )


def _software(found: Explanation | None) -> tuple[str, ...]:
    always = (
        "It decided nothing about you: it put the alert into an order of urgency for a person, or set it aside.",
        "It does not look at age, gender, skin, clothing or mood, and knows no names.",
    )
    if found is None:
        return ("What it concluded is not known: there is no readable record of it.", *always)
    return (f"It proposed to the staff: {found.verdict.lower()}.", found.sequence, *always)


def _factors(found: Explanation | None) -> tuple[str, ...]:
    if found is None:
        return ("Not known because no readable record was made.",)
    counted = [line.words for line in found.signals if line.counts]
    signals = f"Steps that counted: {', '.join(counted)}." if counted else "No single step counted."
    return (signals, found.trust, *found.reasons)


def _people(alert: Alert) -> tuple[str, ...]:
    decisions = list(alert.dispositions.order_by("decided_at"))
    if not decisions:
        return ("Nobody has decided about this alert.",)
    return tuple(_decided(decision) for decision in decisions)


def _decided(decision: Disposition) -> str:
    user = User.objects.filter(id=decision.decided_by).first()
    role = user.role.replace("_", " ") if user else "member of staff"
    corrected = " This corrected the decision before it." if decision.supersedes_id else ""
    at = decision.decided_at.strftime("%d %B %Y, %H:%M UTC")
    words = _VERDICTS[Verdict(decision.verdict)]
    return f"On {at} a person (role: {role}) {words}.{corrected}"


def _contest(alert: Alert) -> tuple[str, ...]:
    return (
        f"Answer to whoever sent you this and name {alert.reference}: say what is wrong, or show a receipt.",
        "A person who did not make the decision looks at it again, and you are told what they found.",
        "You may ask for correction or erasure, object, or complain to your data protection authority.",
    )
