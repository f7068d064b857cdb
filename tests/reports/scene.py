"""A case with everything a report can speak of, and acts on reports."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from apps.accounts.models import User
from apps.alerts.models import Alert, Disposition
from apps.audit.events import Actor, Channel
from apps.cases.models import Case, Exhibit
from apps.cases.operations import open_case
from apps.evidence.models import CustodyEvent, EvidenceItem
from apps.reports.models import Report, ReportKind
from apps.reports.operations.drafts import Edit, edit_report, make_draft
from apps.reports.operations.ending import sign_report
from apps.reports.queries.reports import newest
from apps.reviews.models import Confirmation, DecisionAttempt, HumanTask, Intervention
from apps.sites.models import Camera
from apps.watchlists.models import SightingLead
from apps.watchlists.models.sightings import Answer
from apps.watchlists.operations.leads import judge_lead
from tests.watchlists import people as watchlist
from tests.world import NOW, World, make_waiting_alert

FILLED = {
    "recipient": "Police station Centre",
    "name": "Olive Operator",
    "position": "Case handler",
    "premises_address": "1 High Street, Anytown",
    "goods": "One jacket",
    "age": "over 18",
    "occupation": "Store detective",
    "seen_myself": "I watched the footage. I was not in the store.",
    "visually_recorded": "No",
    "responsible": "Since 2024, for exports",
    "recorder": "NVR of the store",
    "working": "No faults that day",
    "time_check": "Against the speaking clock on the day after",
    "retrieved_by": "By me, on the day after",
    "exhibit_reference": "OO/1",
    "employer": "Retailer",
    "qualification": "Five years with this system",
    "accuracy": "Checked every quarter",
    "copied_from": "The recorder of the store",
    "executed_at": "Anytown",
}


def actor(user: User, channel: Channel = Channel.SCREEN) -> Actor:
    return Actor(tenant_id=user.tenant_id, user_id=user.id, role=user.role, channel=channel)


def a_case(world: World) -> Case:
    """A case as the product opens it, with one sealed exhibit."""
    alert = make_waiting_alert(world.camera)
    confirm(alert, world)
    case = open_case(alert_id=alert.id, now=NOW)
    seal(case, alert)
    return Case.objects.select_related("site").get(id=case.id)


def a_full_case(world: World) -> Case:
    """The same with an intervention, a complaint, earlier alerts of the camera, and a face lead two people judged."""
    Camera.objects.filter(id=world.camera.id).update(clock_offset_seconds=90.0)
    for verdict, day in (("false_alarm", 3), ("theft_confirmed", 9)):
        earlier = make_waiting_alert(world.camera)
        Alert.objects.filter(id=earlier.id).update(camera_at=NOW - timedelta(days=day))
        decide(earlier, world, verdict)
    case = a_case(world)
    alert = case.incidents.get().alert
    Intervention.objects.create(
        tenant_id=case.tenant_id,
        alert=alert,
        confirmation=Confirmation.objects.get(task__alert=alert),
        kind="approach",
        outcome="recovered",
        complaint_at=NOW,
        authorised_by=world.lead.id,
        authorised_at=NOW,
        outcome_at=NOW,
    )
    a_judged_lead(world, alert)
    return case


def confirm(alert: Alert, world: World) -> Disposition:
    task = HumanTask.objects.create(
        tenant_id=alert.tenant_id, alert=alert, opened_at=NOW, due_at=NOW
    )
    attempt = DecisionAttempt.objects.create(
        tenant_id=alert.tenant_id,
        task=task,
        alert=alert,
        user=world.operator,
        role=world.operator.role,
        channel="screen",
        payload={},
        payload_digest="d" * 64,
        object_version=alert.version,
        token_hash=uuid4().hex,
        prepared_at=NOW,
        expires_at=NOW + timedelta(minutes=2),
    )
    Confirmation.objects.create(
        tenant_id=alert.tenant_id,
        task=task,
        attempt=attempt,
        user=world.operator,
        role=world.operator.role,
        payload_digest="d" * 64,
        viewed_ms=5_500,
        confirmed_at=NOW,
    )
    return decide(alert, world)


def decide(alert: Alert, world: World, verdict: str = "theft_confirmed") -> Disposition:
    return Disposition.objects.create(
        tenant_id=alert.tenant_id,
        alert=alert,
        verdict=verdict,
        reasons=["exit_unpaid"],
        transfer_seen=verdict == "theft_confirmed" or None,
        decided_by=world.operator.id,
        decided_at=NOW,
    )


def correct(case: Case, world: World) -> Disposition:
    """A second person finds that it was no theft."""
    wrong = case.incidents.get().disposition
    return Disposition.objects.create(
        tenant_id=case.tenant_id,
        alert_id=wrong.alert_id,
        verdict="false_alarm",
        decided_by=world.lead.id,
        decided_at=NOW + timedelta(hours=1),
        supersedes=wrong,
    )


def seal(case: Case, alert: Alert, number: int = 1) -> Exhibit:
    item = EvidenceItem.objects.create(
        tenant_id=case.tenant_id,
        alert=alert,
        kind="master",
        bucket="b",
        key=f"k{uuid4()}",
        media_type="video/mp4",
        size_bytes=1234,
        sha256="c" * 64,
        acquired_at=NOW,
        retain_until=NOW + timedelta(days=365),
    )
    for action in ("acquired", "sealed"):
        CustodyEvent.objects.create(
            tenant_id=case.tenant_id,
            evidence_item_id=item.id,
            action=action,
            sha256=item.sha256,
            happened_at=NOW,
        )
    return Exhibit.objects.create(
        tenant_id=case.tenant_id,
        case=case,
        item=item,
        number=number,
        title="Footage as delivered",
        sealed_at=NOW,
    )


def a_judged_lead(world: World, alert: Alert) -> SightingLead:
    watchlist.fill(world.compliance)
    lead = watchlist.a_lead(world, watchlist.in_force(world), alert=alert)
    for judge in (world.operator, world.second_operator):
        judge_lead(
            actor=actor(judge),
            user=judge,
            lead=SightingLead.objects.get(id=lead.id),
            answer=Answer.SAME,
            reason="Ears and brow agree in both pictures.",
            now=NOW,
        )
    return lead


def draft(
    world: World, case: Case, kind: ReportKind = ReportKind.POLICE_REPORT, **more: Any
) -> Report:
    user = more.pop("user", world.operator)
    return make_draft(
        actor=actor(user),
        user=user,
        case=case,
        kind=kind,
        author=more.pop("author", world.operator),
        now=more.pop("now", NOW + timedelta(hours=2)),
        **more,
    )


def fill(world: World, report: Report, *, now: datetime | None = None, **more: Any) -> None:
    """Fill in every field of the report, as its author would."""
    from apps.reports.drafting.kinds import KINDS

    fields = {one.name: FILLED[one.name] for one in KINDS[report.kind].fields if one.is_required}
    edit(world, report, fields=fields, **more)


def edit(world: World, report: Report, *, user: User | None = None, **changes: Any) -> None:
    person = user or world.operator
    edit_report(
        actor=actor(person),
        user=person,
        report=report,
        base=newest(report).number,
        edit=Edit(**changes),
        now=NOW + timedelta(hours=3),
    )


def sign(world: World, report: Report, *, user: User | None = None) -> Report:
    person = user or world.operator
    sign_report(
        actor=actor(person),
        user=person,
        report=report,
        digest=newest(Report.objects.get(id=report.id)).digest,
        now=NOW + timedelta(hours=4),
    )
    return Report.objects.select_related("case__site").get(id=report.id)


def signed(world: World, case: Case, kind: ReportKind = ReportKind.POLICE_REPORT) -> Report:
    report = draft(world, case, kind)
    fill(world, report)
    return sign(world, report)
