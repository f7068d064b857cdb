"""A decision explained to the person it was about (AI Act Art. 86, GDPR Art. 15(1)(h)): plain words, nobody else's data.

The only text of this kind: the dossier, the signed document and what a person receives on request all say this.
"""

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from apps.accounts.models import Tenant, User
from apps.alerts.models import Alert, Disposition
from apps.alerts.queries import latest_assessment
from apps.cases.dossier.words import not_known, spaced, utc
from apps.triage.assessment import AssessmentRecord, RecordAltered, read_record
from apps.triage.explanation import explain
from apps.triage.states import Verdict
from apps.triage.vocabulary import label_words

ROLES: Final = (
    "It did not decide anything about you, and nothing may be done on its word alone: it put the alert into an order of "
    "urgency for a person, or set it aside.",
    "It judges observed acts; it does not judge intent, character or feelings.",
)
_WATCHED: Final = (
    "Software looked at footage of one camera and put forward a moment for a person to look at."
)
_REPORTED: Final = "A person reported what they saw; software looked at what was reported."
_VERDICTS: Final = {
    Verdict.THEFT_CONFIRMED: "watched the footage and recorded that they saw goods taken without payment",
    Verdict.FALSE_ALARM: "watched the footage and recorded that the software was wrong",
    Verdict.BENIGN_EXPLAINED: "recorded that what was seen has an innocent explanation",
    Verdict.INCONCLUSIVE: "recorded that the footage does not show what happened",
}
_UNDECIDED: Final = (
    "No person has decided anything yet. Nothing has been done because of this alert."
)
_UNREADABLE: Final = "there is no readable record of what the software concluded"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One question a person may have, and its answer in sentences."""

    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Explained:
    """One alert in plain words. Names no person: not who decided, not who else is in the footage, nobody on a list."""

    reference: str
    parts: tuple[Part, ...]

    def as_text(self) -> str:
        """The same as plain text."""
        lines = [f"Alert {self.reference}", ""]
        for part in self.parts:
            lines += [part.title, *(f"  {paragraph}" for paragraph in part.paragraphs), ""]
        return "\n".join(lines)


def explain_to_person(alert: Alert) -> Explained:
    """What was noticed, the system's role, what weighed, what people did, how to contest it: in the order of asking.

    Runs inside the tenant's scope; writes nothing. A record that was altered is said to be unreadable.
    """
    contest_to = Tenant.objects.get(id=alert.tenant_id).name
    parts = (
        Part(title="What was noticed", paragraphs=_noticed(alert)),
        Part(
            title="What the system did",
            paragraphs=(_REPORTED if alert.raised_by else _WATCHED, *ROLES),
        ),
        Part(title="What weighed most", paragraphs=_weighed(alert)),
        Part(title="What people did", paragraphs=_people(alert)),
        Part(title="How to contest it", paragraphs=_contest(alert, contest_to)),
    )
    return Explained(reference=alert.reference, parts=parts)


def _noticed(alert: Alert) -> tuple[str, ...]:
    at = alert.camera_at.astimezone(ZoneInfo(alert.site.timezone)).strftime("%d %B %Y, %H:%M:%S")
    who = "A person raised an alert" if alert.raised_by else "Software raised an alert"
    return (
        f"{who} at {alert.site.name}, camera {alert.camera.name}, on {at} (local time by the camera's clock).",
        f"The act it named: {label_words(alert.label)}. It names what was seen to happen, not what anybody intended.",
    )


def _weighed(alert: Alert) -> tuple[str, ...]:
    assessment = latest_assessment(alert)
    if assessment is None:
        return (f"What weighed is {not_known('the software has not concluded anything')}.",)
    try:
        return factors(read_record(assessment.record))
    except RecordAltered:
        return (f"What weighed is {not_known(_UNREADABLE)}.",)


def factors(record: AssessmentRecord) -> tuple[str, ...]:
    """The main factors of the proposal, in sentences, strongest rule first."""
    words = explain(record)
    counted = ", ".join(line.words for line in words.signals if line.counts)
    return (
        f"The act put forward was: {label_words(record.inputs.label)}. {words.sequence}".strip(),
        f"Steps that counted: {counted}." if counted else "No single step counted.",
        f"How often alerts like this are wrong: {words.trust} {words.segment}".strip(),
        f"What the software proposed: {words.verdict}.",
        *words.reasons,
        f"Whether looks played a part: {words.fairness.verdict}",
    )


def _people(alert: Alert) -> tuple[str, ...]:
    decisions = list(alert.dispositions.order_by("decided_at"))
    if not decisions:
        return (_UNDECIDED,)
    roles = dict(
        User.objects.filter(id__in={d.decided_by for d in decisions}).values_list("id", "role")
    )
    return tuple(_decided(one, role=roles.get(one.decided_by, "")) for one in decisions)


def _decided(decision: Disposition, *, role: str) -> str:
    who = f"a person (role: {spaced(role) or 'member of staff'})"
    said = f"{who} {_VERDICTS[Verdict(decision.verdict)]} ({utc(decision.decided_at)})."
    if decision.supersedes_id:
        return f"Later this was corrected, and this took its place: {said}"
    return said[0].upper() + said[1:]


def _contest(alert: Alert, contest_to: str) -> tuple[str, ...]:
    return (
        f"Write to {contest_to} and quote {alert.reference}: say in your own words what happened, or show a receipt.",
        "A person who did not make the decision looks at it again, and you are told what they found.",
        "You may see the data held about you, have it corrected or deleted where the law provides it, object, and complain "
        "to the data protection or market surveillance authority of your country.",
    )
