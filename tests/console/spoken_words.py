"""Every message the product asks the catalogue for: in templates, in Python and in the browser's modules."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).parents[2]
CALLS = {"gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "_"}
_STRING = r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_IN_TEMPLATE = re.compile(rf"(?<!\w)(?:gettext|ngettext|_)\(u?{_STRING}(?:,\s*u?{_STRING})?")
_IN_MODULE = re.compile(rf"(?<!\w)(?:gettext|ngettext)\(\s*{_STRING}(?:,\s*{_STRING})?")


def of_templates() -> set[str]:
    """Messages, singular forms, of `templates/`."""
    found = set[str]()
    for file in sorted((ROOT / "templates").rglob("*")):
        if file.suffix in {".html", ".txt"}:
            page = templatize(file.read_text(), origin=str(file))
            found |= {ast.literal_eval(one[0]) for one in _IN_TEMPLATE.findall(page)}
    return found


def of_python() -> set[str]:
    """Messages, singular forms, of the Python packages."""
    files = [file for name in ("apps", "config", "workers") for file in (ROOT / name).rglob("*.py")]
    return {message for file in files for message in _of_module(ast.parse(file.read_text()))}


def of_browser() -> set[str]:
    """Messages of the browser's modules."""
    found = set[str]()
    for file in sorted((ROOT / "apps").glob("*/static/**/*.js")):
        if "vendor" not in file.parts:
            found |= {ast.literal_eval(one[0]) for one in _IN_MODULE.findall(file.read_text())}
    return found


def _of_module(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and _name(node.func) in CALLS:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def _name(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
