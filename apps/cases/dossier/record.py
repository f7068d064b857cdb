"""What a dossier says, gathered from the database: plain words and figures, nothing concluded here."""

import zoneinfo
from datetime import UTC, datetime

from django.db.models import Q

from apps.accounts.models import Tenant
from apps.alerts.models import Alert, Disposition
from apps.alerts.queries import latest_assessment
from apps.audit.events import Subject
from apps.audit.queries import AuditEvent, events_of
from apps.cases.dossier.assessed import assessed
from apps.cases.dossier.explanation import explanation_section
from apps.cases.dossier.log import automatic_log
from apps.cases.dossier.measures import (
    accuracy,
    data_and_bias,
    instructions,
    risk_management,
    technical_file,
)
from apps.cases.dossier.moved import what_moved_the_score
from apps.cases.dossier.people import deployer_duties, human_oversight
from apps.cases.dossier.words import Facts, known, spaced, utc
from apps.cases.models import Exhibit
from apps.evidence.models import CustodyEvent, EvidenceItem, EvidenceKind
from apps.evidence.queries import custody_of
from apps.reviews.models import Confirmation
from apps.triage.assessment import read_record


def dossier_record(*, alert: Alert, now: datetime) -> dict[str, object]:
    """Everything the page shows. Runs inside the tenant's scope."""
    tenant = Tenant.objects.get(id=alert.tenant_id)
    zone = zoneinfo.ZoneInfo(alert.site.timezone)
    items = list(
        EvidenceItem.objects.filter(alert=alert)
        .exclude(kind=EvidenceKind.DOSSIER)
        .order_by("acquired_at", "key")
    )
    own_or_of_the_item = Q(task__alert=alert) | Q(settled_tasks__alert=alert)
    confirmations = list(Confirmation.objects.filter(own_or_of_the_item).order_by("confirmed_at"))
    made = now.astimezone(UTC)
    return {
        "reference": alert.reference,
        "headline": f"Alert {alert.reference}: {alert.label.replace('_', ' ')}",
        "tenant": tenant.name,
        "is_drill": alert.is_drill,
        "site": alert.site.name,
        "camera": alert.camera.name,
        "camera_at": alert.camera_at.astimezone(zone).strftime("%d %B %Y, %H:%M:%S %Z"),
        "rendered_at": utc(now),
        "rendered": {
            part: getattr(made, part)
            for part in ("year", "month", "day", "hour", "minute", "second")
        },
        "reported": _reported(alert),
        "assessment": _assessment(alert, now),
        "decisions": [_decision(d) for d in alert.dispositions.order_by("decided_at")],
        "confirmations": [_confirmation(c) for c in confirmations],
        "evidence": [_evidence(item) for item in items],
        "sections": _sections(alert, confirmations, now),
        "audit": [_event(one) for one in events_about(alert, items, confirmations)],
    }


def record_json(record: dict[str, object]) -> dict[str, object]:
    """The record as it is given out as JSON: without what only the pages need."""
    return {name: value for name, value in record.items() if name not in {"headline", "rendered"}}


def _sections(
    alert: Alert, confirmations: list[Confirmation], now: datetime
) -> list[dict[str, object]]:
    """One section for each article, in their order."""
    assessment = latest_assessment(alert)
    found = read_record(assessment.record) if assessment else None
    at = assessment.created_at if assessment else alert.received_at
    decisions = list(alert.dispositions.order_by("decided_at"))
    events = events_of(tenant_id=alert.tenant_id, subjects=[Subject("alert", alert.id)])
    sections = (
        risk_management(alert, at=at),
        data_and_bias(alert, record=found, at=at),
        technical_file(alert, record=found),
        automatic_log(
            alert, record=found, decisions=decisions, confirmations=confirmations, events=events
        ),
        instructions(alert, record=found, at=at),
        human_oversight(alert, record=found, decisions=decisions, confirmations=confirmations),
        accuracy(alert, record=found),
        deployer_duties(alert, confirmations=confirmations, at=at),
        explanation_section(alert),
    )
    return [section.as_json() for section in sections]


def _assessment(alert: Alert, now: datetime) -> dict[str, object]:
    """What was concluded from the record, and then what moved the score, which is known later than it."""
    found = assessed(latest_assessment(alert))
    sentences = found["sentences"]
    assert isinstance(sentences, list)
    return found | {"sentences": [*sentences, *what_moved_the_score(alert, now=now)]}


def _reported(alert: Alert) -> Facts:
    clip = getattr(alert, "clip", None)
    skew = " (differs from ours by more than allowed)" if alert.clock_skew_flagged else ""
    return [
        ("Alert", str(alert.id)),
        ("Label of the detector", alert.label.replace("_", " ")),
        ("Score of the detector", "none given" if alert.score is None else f"{alert.score:.3f}"),
        ("Detector and version", f"{alert.detector_id} {alert.detector_version}"),
        ("Received through", alert.channel),
        ("Camera's clock", utc(alert.camera_at) + skew),
        ("Received (our clock)", utc(alert.received_at)),
        ("Clock offset of camera", f"{alert.camera.clock_offset_seconds:+.1f} s as last measured"),
        (
            "Footage",
            "none" if clip is None else f"{clip.state}, SHA-256 {clip.sha256 or 'not known'}",
        ),
        ("State", alert.get_state_display()),
    ]


def _decision(disposition: Disposition) -> Facts:
    seen = {True: "yes", False: "no", None: "not asked"}[disposition.transfer_seen]
    facts = [
        ("Verdict", disposition.get_verdict_display()),
        ("Reasons given", ", ".join(r.replace("_", " ") for r in disposition.reasons) or "none"),
        ("Comment", disposition.comment or "none"),
        ("Item seen changing place", seen),
        ("Decided by (opaque id)", str(disposition.decided_by)),
        ("Decided at", utc(disposition.decided_at)),
    ]
    if disposition.supersedes_id:
        facts.append(("Supersedes", str(disposition.supersedes_id)))
    return facts


def _confirmation(confirmation: Confirmation) -> list[str]:
    return [
        str(confirmation.user_id)[:13] + "…",
        confirmation.role.replace("_", " "),
        f"{confirmation.viewed_ms / 1000:.1f} s",
        f"{utc(confirmation.confirmed_at)} · {confirmation.payload_digest[:16]}…",
    ]


def _evidence(item: EvidenceItem) -> Facts:
    exhibit = Exhibit.objects.filter(item=item).select_related("case").first()
    title = f"{item.get_kind_display()} ({item.media_type}, {item.size_bytes:,} bytes)"
    facts = [("File", title), ("SHA-256", item.sha256), ("Acquired", utc(item.acquired_at))]
    if exhibit:
        facts.append(("Exhibit", f"{exhibit.number} of case {exhibit.case.reference}"))
    if item.retain_until:
        facts.append(
            ("Locked until", f"{utc(item.retain_until)} (S3 Object Lock, compliance mode)")
        )
    facts.append(("SHA-512", known(item.sha512, because="it was acquired before it was computed")))
    facts.append(("Custody", "; ".join(_step(step) for step in custody_of(item))))
    return facts


def _step(step: CustodyEvent) -> str:
    return f"{step.action} {utc(step.happened_at)} by {spaced(step.actor_role or 'system')}"


def events_about(
    alert: Alert, items: list[EvidenceItem], confirmations: list[Confirmation]
) -> list[AuditEvent]:
    """Everything that happened to the alert, its files, its tasks and the attempts behind its confirmations."""
    subjects = [
        Subject("alert", alert.id),
        *(Subject("evidence_item", item.id) for item in items),
        *(Subject("attempt", c.attempt_id) for c in confirmations),
        *(Subject("task", task.id) for task in alert.tasks.all()),
    ]
    events = events_of(tenant_id=alert.tenant_id, subjects=subjects)
    return sorted(events, key=lambda one: one.occurred_at)


def _event(event: AuditEvent) -> list[str]:
    return [
        "waiting" if event.index is None else str(event.index),
        utc(event.occurred_at),
        event.event,
        event.role.replace("_", " "),
        str(event.event_id)[:13] + "…",
    ]
