"""The list of the pictures, by area."""

from itertools import groupby
from pathlib import Path

from tests.screens.pages import AREAS
from tests.screens.taking import Taken

HEAD = """# Screens

Every kind of page of the web app: 1,440 pixels wide light and dark, and as on a phone of 390 pixels. Written by
`make screens` from a stack of its own with demo data: a drill tenant, as the banner of the web app's pages says. The
clip is the bundled one from a public data set, its faces blurred. A page taller than 1,500 pixels is cut there.
"""


def write_list(taken: list[Taken], *, folder: Path) -> None:
    """Write README.md with a table for each area, and take away pictures of pages that are no longer there."""
    order = list(dict.fromkeys(words for _, words in reversed(AREAS)))
    rows = sorted(taken, key=lambda one: (order.index(one.shot.area), one.shot.path.count("/")))
    parts = [HEAD]
    for area, group in groupby(rows, key=lambda one: one.shot.area):
        lines = "\n".join(_line(one) for one in group)
        parts.append(f"## {area}\n\n| page | seen by | pictures |\n|---|---|---|\n{lines}\n")
    (folder / "README.md").write_text("\n".join(parts), encoding="utf-8")
    kept = {name for one in taken for name in _files(one.shot.name).values()}
    for path in folder.glob("*.webp"):
        if path.name not in kept:
            path.unlink()


def _files(name: str) -> dict[str, str]:
    return {
        "light": f"{name}-wide-light.webp",
        "dark": f"{name}-wide-dark.webp",
        "phone": f"{name}-phone.webp",
    }


def _line(one: Taken) -> str:
    links = " · ".join(f"[{kind}]({file})" for kind, file in _files(one.shot.name).items())
    who = one.shot.role.replace("_", " ") or "anybody"
    return f"| {one.title.replace('|', '/')} | {who} | {links} |"
