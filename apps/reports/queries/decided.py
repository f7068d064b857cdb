"""Facts of what was concluded, decided and done about the alerts of a case."""

from datetime import datetime

from django.db.models import Q

from apps.alerts.models import Alert, Assessment, Disposition
from apps.alerts.queries import latest_assessment
from apps.cases.models import Case
from apps.reports.drafting.facts import Facts
from apps.reports.queries.words import listed, moment, plain_words, staff
from apps.reviews.models import Confirmation, Intervention
from apps.triage.assessment import AssessmentRecord, RecordAltered, read_record
from apps.triage.explanation import explain
from apps.triage.segments import SegmentReliability

_SEEN = {True: "yes", False: "no", None: "not asked"}


def add_decisions(facts: Facts, case: Case) -> None:
    zone = case.site.timezone
    for incident in case.incidents.select_related("alert").order_by("occurred_at", "id"):
        alert = incident.alert
        assessment = latest_assessment(alert)
        if assessment is not None:
            _add_assessment(facts, assessment)
        for disposition in alert.dispositions.order_by("decided_at", "id"):
            _add_disposition(facts, disposition, zone=zone)
        of_alert = Q(task__alert=alert) | Q(settled_tasks__alert=alert)
        for confirmation in Confirmation.objects.filter(of_alert).order_by("confirmed_at", "id"):
            _add_confirmation(facts, confirmation, alert, zone=zone)
        _add_interventions(facts, alert, zone=zone)


def _add_assessment(facts: Facts, assessment: Assessment) -> None:
    page = f"alert:{assessment.alert_id}"
    common = {"alert": assessment.alert_id, "digest": assessment.digest}
    try:
        record = read_record(assessment.record)
    except RecordAltered:
        facts.add("assessment", assessment.id, page=page, **common, is_altered=True)
        return
    words = explain(record)
    facts.add(
        "assessment",
        assessment.id,
        page=page,
        **common,
        is_altered=False,
        outcome=(assessment.outcome, plain_words(assessment.outcome)),
        observed=words.what_happened,
        sequence=(record.sequence.state.value, words.sequence.rstrip(".")),
        reliability=(record.inputs.reliability.state.value, _rate(record.inputs.reliability)),
        fairness=(record.inputs.fairness.state.value, _fairness(record)),
        calibration=(record.inputs.probability.calibrated, words.trust.rstrip(".")),
        models=(
            dict(record.inputs.model_digests),
            listed(f"{name} (SHA-256 {d})" for name, d in record.inputs.model_digests.items())
            or "not known because no model took part",
        ),
    )


def _rate(found: SegmentReliability) -> str:
    if found.false_positive_rate is None or found.low is None or found.high is None:
        return f"not known because there are too few labels ({found.label_count})"
    low, rate, high = (
        round(100 * share) for share in (found.low, found.false_positive_rate, found.high)
    )
    return f"{found.state.value}: {rate} of 100 alerts under these conditions were false ({low} to {high})"


def _fairness(record: AssessmentRecord) -> str:
    finding = record.inputs.fairness
    why = finding.reason.rstrip(".")
    return f"{plain_words(finding.state.value)}{': ' if why else ''}{why}"


def _add_disposition(facts: Facts, disposition: Disposition, *, zone: str) -> None:
    stands = not Disposition.objects.filter(supersedes=disposition).exists()
    facts.add(
        "disposition",
        disposition.id,
        page=f"alert:{disposition.alert_id}",
        alert=disposition.alert_id,
        verdict=(disposition.verdict, plain_words(disposition.verdict)),
        reasons=(
            disposition.reasons,
            listed(plain_words(reason) for reason in disposition.reasons) or "none given",
        ),
        transfer_seen=(disposition.transfer_seen, _SEEN[disposition.transfer_seen]),
        decided_by=(disposition.decided_by, staff(disposition.decided_by)),
        decided_at=(disposition.decided_at, moment(disposition.decided_at, zone)),
        supersedes=disposition.supersedes_id,
        stands=stands,
    )


def _add_confirmation(facts: Facts, made: Confirmation, alert: Alert, *, zone: str) -> None:
    facts.add(
        "confirmation",
        made.id,
        page=f"alert:{alert.id}",
        alert=alert.id,
        person=(made.user_id, staff(made.user_id)),
        role=(made.role, plain_words(made.role)),
        played=(made.viewed_ms, f"{made.viewed_ms / 1000:.1f} s"),
        payload=made.payload_digest,
        confirmed_at=(made.confirmed_at, moment(made.confirmed_at, zone)),
    )


def _add_interventions(facts: Facts, alert: Alert, *, zone: str) -> None:
    acts = list(Intervention.objects.filter(alert=alert).order_by("authorised_at", "id"))
    facts.add(
        "acts",
        alert.id,
        page=f"alert:{alert.id}",
        count=len(acts),
        complaints=sum(act.complaint_at is not None for act in acts),
    )
    for act in acts:
        facts.add(
            "intervention",
            act.id,
            page=f"alert:{alert.id}",
            alert=alert.id,
            act=(act.kind, plain_words(act.kind)),
            outcome=(act.outcome, _outcome(act.outcome)),
            outcome_at=(act.outcome_at, _when(act.outcome_at, zone)),
            complaint=(bool(act.complaint_at), "a complaint was made" if act.complaint_at else ""),
            authorised_by=(act.authorised_by, staff(act.authorised_by)),
            authorised_at=(act.authorised_at, moment(act.authorised_at, zone)),
        )


def _outcome(code: str) -> str:
    if code == "not_known":
        return "not known because nobody has recorded it yet"
    return plain_words(code)


def _when(at: datetime | None, zone: str) -> str:
    return moment(at, zone) if at else "not known because no outcome was recorded"
