"""From a record of plain words to PDF/A-2b, in this process, with the fonts beside this file."""

import json
from functools import cache
from pathlib import Path

import typst
from fontTools.ttLib import TTFont

HERE = Path(__file__).resolve().parent
FONTS = HERE / "fonts"


def render(record: dict[str, object]) -> bytes:
    """Return a PDF/A-2b. Characters the fonts cannot show appear as ⟨U+XXXX⟩, never as nothing."""
    pdf = typst.compile(
        str(HERE / "alert.typ"),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        format="pdf",
        pdf_standards=["a-2b"],
        sys_inputs={"record": json.dumps(showable(record), ensure_ascii=False)},
    )
    assert isinstance(pdf, bytes)
    return pdf


def showable(value: object) -> object:
    """The same structure with every character replaced that a font lacks or that hides others."""
    if isinstance(value, str):
        return "".join(map(_shown, value))
    if isinstance(value, dict):
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
