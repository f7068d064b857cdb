"""Reading copies of PDFs, marked on every page with who received them and in which file.

The document itself goes into the archive untouched beside its copy: a mark on it would break its digest and signature.
"""

import io
import json
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import typst
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, NameObject

from apps.cases.case_file.bag import Part, PayloadAltered, made
from apps.evidence.documents.typesetting import FONTS, showable

TEMPLATE: Final = Path(__file__).with_name("watermark.typ")
_WIDGET: Final = "/Widget"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What stands on each page of a reading copy: the recipient, and the archive it belongs to."""

    recipient: str
    archive: str

    @property
    def line(self) -> str:
        return f"Reading copy for {self.recipient}. File {self.archive}. The unmarked original lies beside it."


def reading_copy(part: Part, *, path: str, mark: Mark) -> Part:
    """The marked copy of an archive's PDF. Reads the whole PDF, so it is for documents, not for footage.

    Raises PayloadAltered when its bytes are not the ones that were registered or are no PDF, StorageUnavailable.
    """
    with part.opened() as stream:
        content = b"".join(iter(lambda: stream.read(1 << 20), b""))
    if part.sha256 and sha256(content).hexdigest() != part.sha256:
        raise PayloadAltered(f"{part.path} is not the file that was registered")
    try:
        return made(path, marked(content, mark))
    except PyPdfError as error:
        raise PayloadAltered(f"{part.path} cannot be read as a PDF") from error


def marked(content: bytes, mark: Mark) -> bytes:
    """The PDF with the mark over each of its pages; signatures, which hold no longer, are left out."""
    writer = PdfWriter()
    for page in PdfReader(io.BytesIO(content)).pages:
        copied = writer.add_page(page)
        _without_fields(copied)
        width, height = float(copied.mediabox.width), float(copied.mediabox.height)
        overlay = PdfReader(io.BytesIO(_overlay(mark, round(width, 2), round(height, 2))))
        copied.merge_page(overlay.pages[0])
    writer.add_metadata({"/Subject": mark.line})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@lru_cache(maxsize=8)
def _overlay(mark: Mark, width: float, height: float) -> bytes:
    facts = {"recipient": mark.recipient, "line": mark.line, "width": width, "height": height}
    pdf = typst.compile(
        str(TEMPLATE),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"record": json.dumps(showable(facts), ensure_ascii=False)},
    )
    assert isinstance(pdf, bytes)
    return pdf


def _without_fields(page: PageObject) -> None:
    """A signature's field would claim something about bytes that are not these."""
    notes = page.get("/Annots")
    if notes is None:
        return
    kept = [note for note in notes if note.get_object().get("/Subtype") != _WIDGET]
    page[NameObject("/Annots")] = ArrayObject(kept)
