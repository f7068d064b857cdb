"""Setting pages."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import typst

from apps.cases.dossier.pdf import FONTS, showable


def compile_pdf(*, template: Path, record: Mapping[str, object]) -> bytes:
    pdf = typst.compile(
        str(template),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        format="pdf",
        pdf_standards=["a-2b"],
        sys_inputs={"record": json.dumps(showable(dict(record)), ensure_ascii=False)},
    )
    assert isinstance(pdf, bytes)
    return pdf


def sign_pdf(pdf: bytes, *, reason: str, now: datetime) -> bytes:
    return pdf
