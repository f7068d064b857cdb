"""Whose copy a page is stands on the page; the document itself leaves the house as it was registered."""

import io
import json
import re
import zipfile
from pathlib import Path
from uuid import UUID

import pytest
from django.utils import timezone
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject

from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor
from apps.cases.case_file.watermark import Mark, marked
from apps.cases.models import CaseFile, Incident
from apps.evidence.models import CustodyEvent, EvidenceItem, EvidenceKind
from apps.evidence.operations import acquire_item
from apps.storage.store import media_store
from tests.audit.chain import Connection
from tests.cases.test_case_file import archive_of, ask, checked, sealed_case, written
from tests.world import World

MARK = Mark(recipient="Police, PC 4711", archive="C-1-case-file")
transactional = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def document() -> bytes:
    """A PDF of two pages of different sizes, with the field of a signature."""
    writer = PdfWriter()
    writer.add_blank_page(595, 842)
    page = writer.add_blank_page(842, 595)
    field = DictionaryObject(
        {
            NameObject("/Subtype"): NameObject("/Widget"),
            NameObject("/FT"): NameObject("/Sig"),
        }
    )
    page[NameObject("/Annots")] = ArrayObject([writer._add_object(field)])
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_every_page_names_the_recipient_and_the_file(document: bytes) -> None:
    pages = PdfReader(io.BytesIO(marked(document, MARK))).pages
    assert [(page.mediabox.width, page.mediabox.height) for page in pages] == [
        (595, 842),
        (842, 595),
    ]
    for page in pages:
        text = " ".join(page.extract_text().split())
        assert "Police, PC 4711" in text
        assert "C-1-case-file" in text
        assert not page.get("/Annots")  # a signature's field would claim what no longer holds


def test_a_name_the_fonts_cannot_show_is_marked_all_the_same(document: bytes) -> None:
    mark = Mark(recipient="警察 – O’Brien", archive="C-1")
    text = PdfReader(io.BytesIO(marked(document, mark))).pages[0].extract_text()
    assert "O’Brien" in text


def store(world: World, case_id: UUID, kind: EvidenceKind, content: bytes) -> EvidenceItem:
    with tenant_scope(world.tenant.id):
        alert = Incident.objects.get(case_id=case_id).alert
        key = f"tenants/{alert.tenant_id}/alerts/{alert.id}/{kind.value}.pdf"
        stored = media_store().put_stream(
            key=key,
            stream=io.BytesIO(content),
            length=len(content),
            content_type="application/pdf",
        )
        return acquire_item(
            actor=Actor.system(alert.tenant_id),
            alert=alert,
            kind=kind,
            bucket=media_store().bucket,
            stored=stored,
            media_type="application/pdf",
            now=timezone.now(),
        )


def unpacked(file: CaseFile, folder: Path) -> Path:
    with zipfile.ZipFile(archive_of(file, folder)) as archive:
        archive.extractall(folder)
    return folder / file.archive_name


@transactional
def test_documents_travel_untouched_beside_their_marked_copies(
    s3: dict[str, str], sequencer_connection: Connection, tmp_path: Path, document: bytes
) -> None:
    world, case_id = sealed_case(sequencer_connection)
    store(world, case_id, EvidenceKind.DOSSIER, document)
    report = store(world, case_id, EvidenceKind.REPORT, document + b"% another")
    with tenant_scope(world.tenant.id):
        CustodyEvent.objects.create(
            tenant_id=world.tenant.id,
            evidence_item_id=report.id,
            action="withdrawn",
            sha256=report.sha256,
            happened_at=timezone.now(),
        )
    file = written(world, ask(world, case_id))
    assert (file.state, file.note) == ("ready", "")
    folder = unpacked(file, tmp_path)
    assert checked(folder).returncode == 0, checked(folder).stdout
    facts = json.loads((folder / "data/case.json").read_text())
    dossier, report = facts["incidents"][0], facts["reports"][0]
    assert (folder / dossier["dossier"]).read_bytes() == document
    assert (folder / report["path"]).read_bytes() == document + b"% another"
    assert report["standing"] == "withdrawn"
    assert "(withdrawn)" in (folder / "index.html").read_text()
    for path in (dossier["reading_copy"], report["reading_copy"]):
        for page in PdfReader(folder / path).pages:
            assert file.archive_name in " ".join(page.extract_text().split())
    assert "byte for byte" in (folder / "bag-info.txt").read_text()


@transactional
def test_the_index_opens_from_disk_and_each_of_its_links_leads_to_a_file(
    s3: dict[str, str], sequencer_connection: Connection, tmp_path: Path, document: bytes
) -> None:
    world, case_id = sealed_case(sequencer_connection)
    store(world, case_id, EvidenceKind.DOSSIER, document)
    store(world, case_id, EvidenceKind.REPORT, document)
    folder = unpacked(written(world, ask(world, case_id)), tmp_path)
    page = (folder / "index.html").read_text()
    links = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert len(links) >= 5
    assert [link for link in links if not (folder / link).is_file()] == []
    assert "http" not in page
    assert "For Police, PC 4711 only" in page


@transactional
def test_a_document_whose_bytes_changed_ends_the_archive(
    s3: dict[str, str], sequencer_connection: Connection, document: bytes
) -> None:
    world, case_id = sealed_case(sequencer_connection)
    item = store(world, case_id, EvidenceKind.DOSSIER, document)
    other = document[:-1] + b"!"
    media_store().put_stream(key=item.key, stream=io.BytesIO(other), length=len(other))
    file = written(world, ask(world, case_id))
    assert file.state == "failed"
    assert "is not the file that was registered" in file.note
