"""A confirmed theft becomes one incident, one case, one sealed exhibit and a dossier that says so."""

import io
import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from pypdf import PdfReader

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert, Disposition
from apps.audit.events import Actor, Channel
from apps.cases.dossier.operations import render_dossier
from apps.cases.models import Case, Exhibit, Incident
from apps.cases.operations import (
    UnableToMoveCase,
    UnableToOpenCase,
    move_case,
    open_case,
    seal_exhibits,
)
from apps.cases.queries import cases_visible_to
from apps.evidence.models import CustodyEvent, EvidenceItem, EvidenceKind
from apps.evidence.operations import acquire_item
from apps.storage.errors import DigestMismatch, StorageError
from apps.storage.keys import alert_master
from apps.storage.store import evidence_store, media_store
from apps.triage.states import CaseState
from tests.world import NOW, World, make_waiting_alert, make_world

CLIP = b"the bytes of a clip as the camera delivered them"


def decide(alert: Alert, world: World, verdict: str = "theft_confirmed") -> Disposition:
    return Disposition.objects.create(
        tenant_id=alert.tenant_id,
        alert=alert,
        verdict=verdict,
        transfer_seen=verdict == "theft_confirmed" or None,
        decided_by=world.operator.id,
        decided_at=NOW,
    )


def store_master(alert: Alert) -> EvidenceItem:
    store = media_store()
    stored = store.put_stream(
        key=alert_master(tenant_id=alert.tenant_id, alert_id=alert.id),
        stream=io.BytesIO(CLIP),
        length=len(CLIP),
        content_type="video/mp4",
    )
    return acquire_item(
        actor=Actor.system(alert.tenant_id),
        alert=alert,
        kind=EvidenceKind.MASTER,
        bucket=store.bucket,
        stored=stored,
        media_type="video/mp4",
        now=NOW,
    )


def test_a_confirmed_theft_opens_one_case_however_often_it_is_asked(world: World) -> None:
    alert = make_waiting_alert(world.camera)
    decide(alert, world)
    first = open_case(alert_id=alert.id, now=NOW)
    assert open_case(alert_id=alert.id, now=NOW) == first
    assert Incident.objects.filter(alert=alert).count() == Case.objects.count() == 1
    assert first.opened_by == world.operator.id


@pytest.mark.parametrize("verdict", ["false_alarm", "inconclusive", "benign_explained"])
def test_no_other_verdict_opens_a_case(world: World, verdict: str) -> None:
    alert = make_waiting_alert(world.camera)
    decide(alert, world, verdict)
    with pytest.raises(UnableToOpenCase):
        open_case(alert_id=alert.id, now=NOW)


def test_an_alert_nobody_decided_opens_no_case(world: World) -> None:
    alert = make_waiting_alert(world.camera)
    with pytest.raises(UnableToOpenCase):
        open_case(alert_id=alert.id, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_the_footage_is_sealed_once_and_nobody_can_delete_it(s3: dict[str, str]) -> None:
    world = make_world()
    with tenant_scope(world.tenant.id):
        world.tenant.exhibit_retention_days = 20 / 86_400
        world.tenant.save()
        alert = make_waiting_alert(world.camera)
        decide(alert, world)
        store_master(alert)
        case = open_case(alert_id=alert.id, now=NOW)
    now = timezone.now()
    for _ in range(2):
        assert seal_exhibits(tenant_id=world.tenant.id, case_id=case.id, now=now) == 1
    with tenant_scope(world.tenant.id):
        exhibit = Exhibit.objects.select_related("item").get(case=case)
        item = exhibit.item
        assert (exhibit.number, item.retain_until) == (1, now + timedelta(seconds=20))
        assert CustodyEvent.objects.filter(evidence_item_id=item.id, action="sealed").count() == 1
    with pytest.raises(StorageError):
        evidence_store().delete(key=item.key, version_id=item.version_id)
    assert evidence_store().digest(key=item.key, version_id=item.version_id) == item.sha256


@pytest.mark.django_db(transaction=True)
def test_bytes_that_changed_since_they_were_acquired_are_never_sealed(s3: dict[str, str]) -> None:
    world = make_world()
    with tenant_scope(world.tenant.id):
        alert = make_waiting_alert(world.camera)
        decide(alert, world)
        master = store_master(alert)
        case = open_case(alert_id=alert.id, now=NOW)
    media_store().put_stream(key=master.key, stream=io.BytesIO(CLIP[::-1]), length=len(CLIP))
    with pytest.raises(DigestMismatch):
        seal_exhibits(tenant_id=world.tenant.id, case_id=case.id, now=NOW + timedelta(days=3650))
    with tenant_scope(world.tenant.id):
        assert not Exhibit.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_dossier_is_pdf_a_and_tells_who_decided_on_what(s3: dict[str, str]) -> None:
    world = make_world()
    with tenant_scope(world.tenant.id):
        alert = make_waiting_alert(world.camera, note="bidi \u202e and 日本")
        disposition = decide(alert, world)
        Alert.objects.filter(id=alert.id).update(state="resolved")
        store_master(alert)
        open_case(alert_id=alert.id, now=NOW)
    item_id = render_dossier(tenant_id=world.tenant.id, alert_id=alert.id, now=NOW)
    with tenant_scope(world.tenant.id):
        item = EvidenceItem.objects.get(id=item_id)
    with media_store().get_stream(key=item.key) as stream:
        pdf = stream.read()
    assert b"pdfaid" in pdf or "pdfaid" in str(
        PdfReader(io.BytesIO(pdf)).xmp_metadata.stream.get_data()
    )
    words = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    for expected in (
        alert.reference,
        str(disposition.decided_by),
        "theft confirmed",
        "item to bag",
    ):
        assert expected in words
    assert not re.search(r"\bcompliant\b", words)


def test_a_case_moves_along_its_table_and_every_step_is_in_the_chain(world: World) -> None:
    case = _case(world)
    actor = _actor(world, world.operator)
    move_case(actor=actor, case=case, to=CaseState.UNDER_INVESTIGATION)
    case.refresh_from_db()
    assert (case.state, case.version) == ("under_investigation", 2)
    with pytest.raises(UnableToMoveCase, match="cannot become approved"):
        move_case(actor=_actor(world, world.lead), case=case, to=CaseState.APPROVED)


def test_the_person_who_confirmed_cannot_approve(world: World) -> None:
    case = _case(world, state="submitted_for_approval")
    with pytest.raises(UnableToMoveCase, match="somebody else"):
        move_case(actor=_actor(world, world.operator), case=case, to=CaseState.APPROVED)
    move_case(actor=_actor(world, world.administrator), case=case, to=CaseState.APPROVED)


def test_two_people_moving_a_case_at_once_is_one_move(world: World) -> None:
    case = _case(world)
    stale = Case.objects.get(id=case.id)
    move_case(actor=_actor(world, world.operator), case=case, to=CaseState.UNDER_INVESTIGATION)
    with pytest.raises(UnableToMoveCase, match="Somebody else"), transaction.atomic():
        move_case(actor=_actor(world, world.lead), case=stale, to=CaseState.CLOSED)


def test_cases_are_seen_by_those_who_work_at_the_site(world: World) -> None:
    case = _case(world)
    assert case in cases_visible_to(world.operator)
    assert case in cases_visible_to(world.compliance)
    assert case not in cases_visible_to(world.stranger)
    assert case not in cases_visible_to(world.foreign_operator)


def _case(world: World, state: str = "open") -> Case:
    alert = make_waiting_alert(world.camera)
    decide(alert, world)
    case = open_case(alert_id=alert.id, now=NOW)
    way = {"open": [], "submitted_for_approval": ["under_investigation", "submitted_for_approval"]}
    for step in way[state]:
        Case.objects.filter(id=case.id).update(state=step)
    case.refresh_from_db()
    return case


def _actor(world: World, user: object) -> Actor:
    return Actor(
        tenant_id=world.tenant.id,
        user_id=user.id,  # type: ignore[attr-defined]
        role=user.role,  # type: ignore[attr-defined]
        channel=Channel.SCREEN,
    )
