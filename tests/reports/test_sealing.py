"""What needs a store and a signed chain: the sealed PDF kept as evidence, a still, the audit entries a report names."""

import io
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from pypdf import PdfReader

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Clip
from apps.audit.events import Actor, Subject
from apps.audit.queries import events_of
from apps.cases.models import Case
from apps.evidence.documents.certificates import UnableToSign
from apps.evidence.documents.pades import read_signatures
from apps.evidence.models import CustodyEvent, EvidenceItem, EvidenceKind
from apps.evidence.operations import acquire_item
from apps.reports.models import Report
from apps.reports.operations import rendering
from apps.reports.operations.drafts import redraft_report
from apps.reports.operations.ending import withdraw_report
from apps.reports.operations.rendering import UnableToRender, render_signed, render_waiting
from apps.reports.operations.stills import UnableToCut, cut_still
from apps.reports.queries.reports import content_of, newest, standing_of
from apps.reports.tasks import render_signed_reports
from apps.storage.errors import StorageUnavailable
from apps.storage.keys import alert_working
from apps.storage.store import media_store
from tests.audit import chain
from tests.console.people import signed_in
from tests.harness.product import BUNDLED_CLIP
from tests.reports import scene
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(s3: dict[str, str]) -> World:
    return make_world()


def a_signed_report(world: World) -> UUID:
    with tenant_scope(world.tenant.id):
        return scene.signed(world, scene.a_case(world)).id


def words_of(item: EvidenceItem) -> str:
    with media_store().get_stream(key=item.key) as stream:
        pages = PdfReader(io.BytesIO(stream.read())).pages
        return " ".join(" ".join(page.extract_text().split()) for page in pages)


def events(world: World, kind: str, id_: UUID) -> list[str]:
    return [e.event for e in events_of(tenant_id=world.tenant.id, subjects=[Subject(kind, id_)])]


def test_a_signed_report_becomes_one_sealed_pdf_kept_as_evidence_of_its_case(world: World) -> None:
    report_id = a_signed_report(world)
    items = {
        render_signed(tenant_id=world.tenant.id, report_id=report_id, now=timezone.now()).id
        for _ in range(2)
    }
    with tenant_scope(world.tenant.id):
        report = Report.objects.select_related("item", "case").get(id=report_id)
        item = report.item
        assert item is not None
        assert items == {item.id}
        assert item.kind == EvidenceKind.REPORT
        assert item.alert_id == report.case.incidents.get().alert_id
        assert item.original_name == f"{report.reference}-police_report.pdf"
        assert media_store().digest(key=item.key) == item.sha256
        assert events(world, "report", report_id)[-1] == "report:rendered"
        assert events(world, "evidence_item", item.id) == ["evidence:acquired"]
        said = words_of(item)
        assert f"Signed: {world.operator.display_name}" in said
        assert "DRAFT" not in said
        assert newest(report).digest in said.replace(" ", "")
        with media_store().get_stream(key=item.key) as stream:
            (seal,) = read_signatures(stream.read())
        assert seal.intact
        assert seal.holds
        assert seal.covers_all


def test_a_withdrawn_report_says_so_in_the_custody_of_its_pdf(world: World) -> None:
    report_id = a_signed_report(world)
    item = render_signed(tenant_id=world.tenant.id, report_id=report_id, now=timezone.now())
    with tenant_scope(world.tenant.id):
        withdraw_report(
            actor=scene.actor(world.operator),
            user=world.operator,
            report=Report.objects.get(id=report_id),
            reason="It names the wrong day.",
            now=timezone.now(),
        )
        steps = CustodyEvent.objects.filter(evidence_item_id=item.id).order_by("id")
        assert [one.action for one in steps] == ["acquired", "withdrawn"]


def test_a_draft_is_never_kept_as_evidence(world: World) -> None:
    with tenant_scope(world.tenant.id):
        report = scene.draft(world, scene.a_case(world))
    with pytest.raises(UnableToRender, match="Only a signed report"):
        render_signed(tenant_id=world.tenant.id, report_id=report.id, now=timezone.now())
    assert render_waiting(tenant_id=world.tenant.id, now=timezone.now()) == 0


def test_a_store_that_does_not_answer_is_tried_again_and_said(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_id = a_signed_report(world)

    def down(*_: Any, **__: Any) -> None:
        raise StorageUnavailable("down")

    with monkeypatch.context() as broken:
        broken.setattr(rendering, "_store", down)
        assert render_signed_reports() == 0
    with tenant_scope(world.tenant.id):
        report = Report.objects.select_related("case").get(id=report_id)
        assert (report.state, report.item_id) == ("signed", None)
        assert "did not answer" in report.item_note
        case_id = report.case_id
    client = signed_in(world.operator)
    path = f"/cases/{case_id}/reports/{report_id}/"
    assert "did not answer" in client.get(path).content.decode()
    assert client.post(f"{path}seal/").status_code == 302
    assert "Sealed PDF" in client.get(path).content.decode()
    assert render_signed_reports() == 0


def test_without_a_key_to_seal_with_nothing_is_kept_and_the_page_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_id = a_signed_report(world)

    def no_key(*_: Any, **__: Any) -> None:
        raise UnableToSign("expired")

    monkeypatch.setattr(rendering, "sign_pdf", no_key)
    with pytest.raises(UnableToRender, match="key that seals documents"):
        render_signed(tenant_id=world.tenant.id, report_id=report_id, now=timezone.now())
    with tenant_scope(world.tenant.id):
        report = Report.objects.get(id=report_id)
        assert report.item_id is None
        assert "key that seals documents" in report.item_note


def test_a_still_is_cut_from_the_blurred_copy_and_the_draft_speaks_of_it(world: World) -> None:
    with tenant_scope(world.tenant.id):
        case = scene.a_case(world)
        alert = case.incidents.get().alert
        report = scene.draft(world, case)
        with pytest.raises(UnableToCut, match=r"could not be read|did not answer"):
            cut_still(alert=alert, seconds=None)
        _store_blurred(alert)
    client = signed_in(world.operator)
    path = f"/cases/{case.id}/reports/{report.id}/"
    client.post(f"{path}still/", {"alert": str(alert.id), "seconds": "1.0"})
    with tenant_scope(world.tenant.id):
        still = EvidenceItem.objects.get(alert=alert, kind=EvidenceKind.STILL)
        assert media_store().digest(key=still.key) == still.sha256
        content = content_of(newest(Report.objects.get(id=report.id)))
        (told,) = [one for one in content.sentences if one.section == "stills"]
        assert still.sha256 in told.text
        assert "every face in it is blurred" in told.text
        assert events(world, "evidence_item", still.id) == ["evidence:derived"]
    pdf = client.get(f"{path}pdf/").content
    pictures = [image for page in PdfReader(io.BytesIO(pdf)).pages for image in page.images]
    assert len(pictures) == 1


def _store_blurred(alert: Any) -> None:
    """The clip of the demonstration as the copy with faces blurred (what counts is where it lies)."""
    key = alert_working(tenant_id=alert.tenant_id, alert_id=alert.id, name="blurred-1.mp4")
    data = BUNDLED_CLIP.read_bytes()
    stored = media_store().put_stream(
        key=key, stream=io.BytesIO(data), length=len(data), content_type="video/mp4"
    )
    Clip.objects.filter(alert=alert).update(blurred_key=key)
    acquire_item(
        actor=Actor.system(alert.tenant_id),
        alert=alert,
        kind=EvidenceKind.WORKING,
        bucket=media_store().bucket,
        stored=stored,
        media_type="video/mp4",
        now=timezone.now(),
    )


def test_a_report_names_the_entries_of_the_signed_chain(
    world: World, sequencer_connection: chain.Connection
) -> None:
    with tenant_scope(world.tenant.id):
        case = scene.a_case(world)
    chain.chain(sequencer_connection)
    chain.sign(sequencer_connection)
    later = timezone.now() + timedelta(minutes=1)
    with tenant_scope(world.tenant.id):
        case = Case.objects.select_related("site").get(id=case.id)
        report = scene.draft(world, case, now=later)
        said = " ".join(one.text for one in content_of(newest(report)).sentences)
        size = content_of(newest(report)).as_of.tree_size
        assert size
        assert f"Checkpoint over {size} entries" in said
        assert "as far as they were signed: " in said
        chain.chain(sequencer_connection)
        assert standing_of(report).is_current
    chain.chain(sequencer_connection)
    chain.sign(sequencer_connection)
    with tenant_scope(world.tenant.id):
        # What was signed since changes nothing about what was said of the older checkpoint.
        assert standing_of(report).is_current
        version = redraft_report(
            actor=scene.actor(world.operator),
            user=world.operator,
            report=report,
            now=later + timedelta(minutes=1),
        )
        assert version is not None
        newer = content_of(version).as_of.tree_size
        assert newer
        assert newer > size
