"""What people did about an alert: decisions and confirmations (Art. 14), and the duties of whoever uses the system."""

from datetime import datetime

from apps.accounts.queries import training_then
from apps.alerts.models import Alert, Disposition
from apps.cases.dossier.log import viewed_share
from apps.cases.dossier.sources import Source, citation
from apps.cases.dossier.words import Section, listed, not_known, spaced, table, utc
from apps.evidence.retention_rules import FLOOR_DAYS
from apps.reviews.judged_first import judged_first_words
from apps.reviews.models import Confirmation
from apps.reviews.overrides import Stance, stance_of
from apps.reviews.queries import marked_span
from apps.sites.queries import stopped_between
from apps.triage.assessment import AssessmentRecord


def human_oversight(
    alert: Alert,
    *,
    record: AssessmentRecord | None,
    decisions: list[Disposition],
    confirmations: list[Confirmation],
) -> Section:
    """The human confirmation record: who decided, having seen what, and what the machine had proposed."""
    nobody = not_known("no person has decided yet")
    last = decisions[-1] if decisions else None
    corrections = [one for one in decisions if one.supersedes_id]
    return Section(
        article="Art. 14",
        title="human confirmation and oversight",
        facts=(
            ("Confirmed by people", str(len(confirmations)) if confirmations else nobody),
            ("Second verifier", _second(alert, confirmations)),
            ("Marked span played before confirming", _marked(alert, confirmations)),
            ("Machine's verdict hidden until judged", _judged_first(alert)),
            ("Override of the machine", _override(record, last) if last else nobody),
            (
                "Corrections",
                listed(map(_correction, corrections), nothing="no decision was corrected"),
            ),
            ("Faces revealed", listed(_reveals(alert), nothing="nobody revealed them")),
            ("STOP while it was handled", _stop(alert)),
            ("Decided in bulk", "no: every decision is about one alert or one item, never a list"),
        ),
        tables=table(
            (
                "Person (opaque id)",
                "Role",
                "Clip played",
                "Training standing then",
                "Confirmed, payload, session",
            ),
            (_confirmation(one, alert) for one in confirmations),
            widths=(3, 2, 3, 3, 5),
        ),
    )


def deployer_duties(alert: Alert, *, confirmations: list[Confirmation], at: datetime) -> Section:
    """Art. 26: who oversaw, what followed on the floor, how long logs are kept, whom a notice told."""
    acts = [
        f"{spaced(one.kind)} authorised by {one.authorised_by} at {utc(one.authorised_at)}, "
        f"outcome {spaced(one.outcome)}, complaint {'on record' if one.complaint_at else 'none'}"
        for one in alert.interventions.order_by("authorised_at")
    ]
    trained = [
        f"{one.user_id}: {training_then(one.user, one.confirmed_at)}" for one in confirmations
    ]
    return Section(
        article="Art. 26",
        title="duties of the deployer",
        facts=(
            (
                "Training standing of the deciding person",
                listed(trained, nothing=not_known("no person has decided yet")),
            ),
            ("Interventions", listed(acts, nothing="no intervention is on record")),
            ("Logs kept", f"at least {FLOOR_DAYS} days; no setting goes below it"),
            (
                "People were told by",
                citation(Source.NOTICE, tenant_id=alert.tenant_id, site_id=alert.site_id, at=at),
            ),
        ),
    )


def _confirmation(one: Confirmation, alert: Alert) -> tuple[str, ...]:
    return (
        str(one.user_id),
        spaced(one.role),
        viewed_share(one.viewed_ms, alert),
        training_then(one.user, one.confirmed_at),
        f"{utc(one.confirmed_at)}; payload {one.payload_digest}; "
        f"session {one.attempt.session_hash[:16]}",
    )


def _judged_first(alert: Alert) -> str:
    if not alert.sampled_blind:
        return "no"
    return f"yes. {judged_first_words(alert)}".strip()


def _second(alert: Alert, confirmations: list[Confirmation]) -> str:
    wanted = max((task.required_confirmations for task in alert.tasks.all()), default=1)
    people = {one.user_id for one in confirmations}
    if wanted < 2:
        return "not required for this kind of alert"
    return f"required; {len(people)} different people have confirmed, each without seeing the other"


def _marked(alert: Alert, confirmations: list[Confirmation]) -> str:
    clip = getattr(alert, "clip", None)
    span = None if clip is None else marked_span(clip)
    if span is None:
        return not_known("the clip has no marked span")
    if not confirmations:
        return not_known("no person has confirmed yet")
    return f"{span[0]:,} to {span[1]:,} ms; without it theft cannot be confirmed"


def _override(record: AssessmentRecord | None, last: Disposition) -> str:
    if record is None:
        return not_known("the machine has concluded nothing")
    proposed = record.decision.outcome
    against = stance_of(proposed.value, last.verdict) is Stance.AGAINST
    reasons = listed(map(spaced, last.reasons), nothing="no reason chips")
    said = f"proposed {spaced(proposed.value)}, the person said {spaced(last.verdict)}"
    return f"yes: {said} ({reasons})" if against else f"no: {said}"


def _correction(one: Disposition) -> str:
    return (
        f"{one.supersedes_id} superseded at {utc(one.decided_at)} by {one.decided_by}: "
        f"{spaced(one.verdict)}"
    )


def _reveals(alert: Alert) -> list[str]:
    return [
        f"{one.user_id} ({spaced(one.role)}) {utc(one.revealed_at)} to "
        f"{utc(min(one.expires_at, one.covered_at or one.expires_at))}"
        for one in alert.reveals.order_by("revealed_at")
    ]


def _stop(alert: Alert) -> str:
    until = alert.resolved_at or alert.received_at
    pressed = stopped_between(
        tenant_id=alert.tenant_id,
        site_id=alert.site_id,
        camera_id=alert.camera_id,
        since=alert.received_at,
        until=until,
    )
    return "in force at some moment" if pressed else "not in force"
