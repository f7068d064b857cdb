"""The automatic log of one alert: when the system was used, with what, what it said and what people did."""

from apps.alerts.models import Alert, Disposition
from apps.alerts.queries import span_of
from apps.audit.events import Event
from apps.audit.queries import AuditEvent
from apps.cases.dossier.words import Section, known, listed, not_known, spaced, table, utc
from apps.reviews.models import Confirmation
from apps.triage.assessment import AssessmentRecord
from apps.triage.canonical import canonical_digest
from apps.triage.decoding import encode
from apps.watchlists.models import SightingLead
from apps.watchlists.queries.entries import entry_digest

PURPOSE = "Draw a person's attention to observed acts at a self-service store; a person decides"
_NO_RECORD = "the analysis of this alert has not ended"


def automatic_log(
    alert: Alert,
    *,
    record: AssessmentRecord | None,
    decisions: list[Disposition],
    confirmations: list[Confirmation],
    events: list[AuditEvent],
) -> Section:
    """Everything Art. 12 asks a log of such a system to hold, about this one use."""
    leads = list(alert.sighting_leads.select_related("entry").order_by("raised_at"))
    return Section(
        article="Art. 12",
        title="automatic log",
        facts=(
            *_session(alert),
            *_biometric(leads, events),
            *_machine(alert, record),
            *_people(alert, decisions, confirmations, leads),
            *_run(alert, events),
        ),
        tables=table(
            ("Lead", "Entry and its version", "Score", "Threshold", "Verifiers (opaque ids)"),
            map(_lead, leads),
        ),
    )


def viewed_share(viewed_ms: int, alert: Alert) -> str:
    """Milliseconds of the clip a person had played, and the share of it."""
    clip = getattr(alert, "clip", None)
    if clip is None or not clip.duration_ms:
        return f"{viewed_ms:,} ms; share {not_known('the length of the clip is not on record')}"
    share = min(1.0, viewed_ms / clip.duration_ms)
    return f"{viewed_ms:,} ms of {clip.duration_ms:,} ms ({share:.0%})"


def settings_digest(settings: object) -> str:
    """SHA-256 over the canonical JSON of a versioned set of numbers."""
    return canonical_digest(encode(settings))


def _session(alert: Alert) -> list[tuple[str, str]]:
    start, end = span_of(alert)
    return [
        ("Use started", utc(start)),
        ("Use ended", utc(end)),
        ("Camera", f"{alert.camera.name} ({alert.camera_id})"),
        ("Purpose", PURPOSE),
    ]


def _biometric(leads: list[SightingLead], events: list[AuditEvent]) -> list[tuple[str, str]]:
    compared = [one for one in events if one.event == Event.FACES_COMPARED]
    names = ("Watchlist version", "Probe reference", "Score", "Threshold", "Verifiers")
    if not compared and not leads:
        why = not_known("no face was compared for this alert")
        return [(name, why) for name in names]
    details = compared[-1].details if compared else {}
    versions = ", ".join(sorted({_entry(lead) for lead in leads}))
    none = "no face lay within the threshold, so no vector was kept"
    answered = [str(one.user_id) for lead in leads for one in lead.judgements.all()]
    values = (
        f"{details.get('entries', 'unknown number of')} entries compared"
        + (f"; of the matches: {versions}" if versions else ""),
        listed(
            (f"{lead.reference} at {lead.seconds:.2f} s" for lead in leads), nothing=not_known(none)
        ),
        listed((f"{lead.score:.4f} (L2 distance)" for lead in leads), nothing=not_known(none)),
        known(
            leads[0].threshold if leads else details.get("threshold"), because="it was not logged"
        ),
        listed(answered, nothing=not_known("nobody has judged a lead of this alert")),
    )
    return list(zip(names, values, strict=True))


def _machine(alert: Alert, record: AssessmentRecord | None) -> list[tuple[str, str]]:
    score = known(
        None if alert.score is None else f"{alert.score:.3f}",
        because="the alert was raised by a person or its detector gave none",
    )
    names = (
        "Model digests",
        "Policy version and digest",
        "Cost model version and digest",
        "Agent decision",
        "Reason codes",
        "Record digest",
    )
    if record is None:
        return [("Detector score", score), *((name, not_known(_NO_RECORD)) for name in names)]
    inputs, decision = record.inputs, record.decision
    values = (
        listed(
            (f"{name} {digest}" for name, digest in sorted(inputs.model_digests.items())),
            nothing=not_known("no model of ours contributed; the detector states none of its own"),
        ),
        f"{inputs.policy.version} {settings_digest(inputs.policy)}",
        f"{inputs.cost_model.version} {settings_digest(inputs.cost_model)}",
        spaced(decision.outcome.value),
        listed((code.value for code in decision.reason_codes), nothing="no code applied"),
        record.digest,
    )
    return [("Detector score", score), *zip(names, values, strict=True)]


def _people(
    alert: Alert,
    decisions: list[Disposition],
    confirmations: list[Confirmation],
    leads: list[SightingLead],
) -> list[tuple[str, str]]:
    said = [
        f"{spaced(one.verdict)} by {one.decided_by} at {utc(one.decided_at)}" for one in decisions
    ]
    viewed = [f"{one.user_id}: {viewed_share(one.viewed_ms, alert)}" for one in confirmations]
    return [
        ("Human decision", listed(said, nothing=not_known("no person has decided yet"))),
        (
            "Milliseconds of clip viewed",
            listed(viewed, nothing=not_known("no person has confirmed a decision yet")),
        ),
    ]


def _run(alert: Alert, events: list[AuditEvent]) -> list[tuple[str, str]]:
    outbox = getattr(alert, "outbox", None)
    run = None if outbox is None or not outbox.run_id else outbox.run_id
    chained = [one for one in events if one.event == Event.ALERT_RECORD_CHAINED]
    place = chained[-1].index if chained else None
    return [
        ("Trace: workflow run", known(run, because="no workflow run was started for this alert")),
        (
            "Record chained as entry",
            known(
                place,
                because="the audit service has not numbered it yet" if chained else _NO_RECORD,
            ),
        ),
    ]


def _lead(lead: SightingLead) -> tuple[str, ...]:
    judged = [f"{one.user_id}: {one.answer}" for one in lead.judgements.order_by("place")]
    return (
        f"{lead.reference} (investigative lead)",
        _entry(lead),
        f"{lead.score:.4f}; this alike or more: {lead.error_rate:.2%} of different people",
        f"{lead.threshold:.4f}",
        listed(judged, nothing="not judged yet"),
    )


def _entry(lead: SightingLead) -> str:
    return f"{lead.entry.reference} version {lead.entry.version}, {entry_digest(lead.entry)[:16]}"
