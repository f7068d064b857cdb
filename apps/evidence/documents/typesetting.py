"""From a record of plain words to PDF/A-2b, in this process, with the fonts beside this file."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import typst
from fontTools.ttLib import TTFont

FONTS: Final = Path(__file__).resolve().parent / "fonts"


class UnableToTypeset(Exception):
    """The template and the record do not make pages; the message is typst's own."""


def compile_pdf(*, template: Path, record: Mapping[str, object]) -> bytes:
    """Set the record with a typst template and return a PDF/A-2b.

    The template reads `json(bytes(sys.inputs.record))` and finds DejaVu Sans (condensed) and DejaVu Sans Mono.
    Characters these cannot draw appear as <U+XXXX>, never as nothing. Raises UnableToTypeset.
    """
    try:
        pdf = typst.compile(
            str(template),
            font_paths=[str(FONTS)],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=["a-2b"],
            sys_inputs={"record": json.dumps(showable(dict(record)), ensure_ascii=False)},
        )
    except typst.TypstError as error:
        raise UnableToTypeset(f"{template.name}: {error}") from error
    assert isinstance(pdf, bytes)
    return pdf


def showable(value: object) -> object:
    """The same structure with every character replaced that a font lacks or that hides others."""
    if isinstance(value, str):
        return "".join(map(_shown, value))
    if isinstance(value, Mapping):
        return {key: showable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [showable(item) for item in value]
    return value


def _shown(character: str) -> str:
    if character in "\n\t" or ord(character) in _drawable():
        return character
    return f"<U+{ord(character):04X}>"


@cache
def _drawable() -> frozenset[int]:
    """Code points that every shipped face can draw, controls and invisible marks excluded."""
    common = set.intersection(*map(_characters, FONTS.glob("*.ttf")))
    return frozenset(code for code in common if chr(code).isprintable())


def _characters(font: Path) -> set[int]:
    with TTFont(font, lazy=True) as face:
        return set(face.getBestCmap())
