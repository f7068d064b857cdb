"""Facts of the happening: the case, its site, the incidents with their alerts and cameras, and the footage's own data."""

from apps.accounts.models import Tenant
from apps.alerts.models import Alert, Clip
from apps.audit.events import Event, Subject
from apps.audit.queries import events_of
from apps.cases.models import Case, Incident
from apps.reports.drafting.facts import Facts
from apps.reports.queries.words import moment, plain_words
from apps.sites.queries import true_time


def add_happening(facts: Facts, case: Case) -> None:
    site = case.site
    tenant = Tenant.objects.get(id=case.tenant_id)
    incidents = list(
        case.incidents.select_related("alert__camera", "alert__clip").order_by("occurred_at", "id")
    )
    facts.add("tenant", tenant.id, name=tenant.name)
    facts.add("site", site.id, name=site.name, timezone=site.timezone)
    facts.add(
        "case",
        case.id,
        page=f"case:{case.id}",
        reference=case.reference,
        opened_at=(case.opened_at, moment(case.opened_at, site.timezone)),
        is_drill=case.is_drill,
        incidents=len(incidents),
    )
    for incident in incidents:
        _add_incident(facts, incident, zone=site.timezone)


def _add_incident(facts: Facts, incident: Incident, *, zone: str) -> None:
    alert = incident.alert
    page = f"alert:{alert.id}"
    facts.add(
        "incident",
        incident.id,
        page=page,
        alert=alert.id,
        occurred_at=(incident.occurred_at, moment(incident.occurred_at, zone)),
    )
    _add_alert(facts, alert, zone=zone)
    _add_camera(facts, alert)
    clip = getattr(alert, "clip", None)
    if clip is None:
        facts.add("alert", alert.id, page=page, clip=(None, "the alert was raised without a clip"))
    else:
        _add_clip(facts, clip)


def _add_alert(facts: Facts, alert: Alert, *, zone: str) -> None:
    true_at = true_time(alert.camera, alert.camera_at)
    score = "none given" if alert.score is None else f"{alert.score:.3f} on a scale of 0 to 1"
    detector = f"{alert.detector_id} {alert.detector_version}"
    facts.add(
        "alert",
        alert.id,
        page=f"alert:{alert.id}",
        reference=alert.reference,
        camera=alert.camera_id,
        label=(alert.label, plain_words(alert.label)),
        detector=detector,
        score=(alert.score, score),
        channel=(alert.channel, _came(alert)),
        camera_at=(alert.camera_at, moment(alert.camera_at, zone)),
        true_at=(true_at, moment(true_at, zone)),
        received_at=(alert.received_at, moment(alert.received_at, zone)),
        clock_flagged=alert.clock_skew_flagged,
        failed_step=(alert.failed_step, plain_words(alert.failed_step)),
    )


def _came(alert: Alert) -> str:
    return "by a person, with the form" if alert.raised_by else f"through {alert.channel}"


def _add_camera(facts: Facts, alert: Alert) -> None:
    camera = alert.camera
    offset = camera.clock_offset_seconds
    way = "ahead of" if offset > 0 else "behind"
    words = "no difference from" if offset == 0 else f"{abs(offset):.1f} s {way}"
    facts.add(
        "camera",
        camera.id,
        name=camera.name,
        clock_offset=(offset, f"{offset:+.1f} s (the camera's clock showed {words} true time)"),
        offset_measured_at=(
            None,
            "not known because the record keeps the offset and not the moment of its measurement",
        ),
    )


def _add_clip(facts: Facts, clip: Clip) -> None:
    marked = clip.marked_from_ms is not None and clip.marked_to_ms is not None
    length = "not known because the footage was not analysed"
    if clip.duration_ms:
        length = f"{clip.duration_ms / 1000:.1f} s"
    facts.add(
        "clip",
        clip.alert_id,
        page=f"alert:{clip.alert_id}",
        state=(clip.state, plain_words(clip.state)),
        sha256=(clip.sha256, clip.sha256 or "not known because the clip was never stored"),
        duration=(clip.duration_ms, length),
        delivery=(clip.delivery, plain_words(clip.delivery)),
        original_name=(
            clip.original_name,
            clip.original_name or "not known because none was given with it",
        ),
        marked=(
            [clip.marked_from_ms, clip.marked_to_ms] if marked else None,
            _span(clip) if marked else "not known because no part of the clip was marked",
        ),
        trouble=(
            clip.refused_reason or clip.pending_reason,
            clip.refused_reason or clip.pending_reason,
        ),
        blurred=(clip.blurred_key != "", clip.blur_note or "a copy with faces blurred was made"),
        subject_visible=(_subject_visible(clip), ""),
    )


def _span(clip: Clip) -> str:
    assert clip.marked_from_ms is not None
    assert clip.marked_to_ms is not None
    return f"{clip.marked_from_ms / 1000:.1f} s to {clip.marked_to_ms / 1000:.1f} s from the start"


def _subject_visible(clip: Clip) -> bool:
    """Whether the copy with faces blurred leaves the face of the person the alert is about, as was recorded with it."""
    events = events_of(tenant_id=clip.tenant_id, subjects=[Subject("alert", clip.alert_id)])
    blurred = [event for event in events if event.event == Event.CLIP_BLURRED]
    return bool(blurred) and blurred[-1].details.get("subject_visible") is True
