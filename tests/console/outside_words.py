"""Words on pages that no translation reaches: text, spoken attributes and literals in tags outside `translate`.

Run over files by hand: `python -m tests.console.outside_words templates/console`.
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from django.template.base import Lexer, Token, TokenType

SPOKEN = {
    "title",
    "aria-label",
    "placeholder",
    "alt",
    "aria-description",
    "aria-roledescription",
    "summary",
}
SILENT = {"script", "style", "code", "kbd", "svg", "samp"}
# Names and units that are the same in every language.
EVERYWHERE = re.compile(
    r"\b(Second Look|UTC|SHA-256|SHA-512|SHA|JSON|CSV|PDF|PDF/A(-2b)?|API|ONNX|DALI|GPU|CPU|Temporal|ISA|FP|EUR|ROC|AUC|"
    r"Ctrl|Esc|px|ms|kB|MB|GB|min|km|fps|id|ID|STOP|GDPR|OK|URL|HMAC|RFC|PAdES|Merkle|UTF-8|IP|pgvector|MinIO|S3)\b"
)
WORD = re.compile(r"[^\W\d_]{2,}")
LITERAL = re.compile(r"""(?<![_\w=(])(?:_\()?("[^"]*"|'[^']*')""")
# A document that is handed out says its language itself and is written in it.
_IN_ENGLISH = '<html lang="en">'
TECHNICAL = {"url", "static", "include", "extends", "load", "icon", "block", "if", "elif", "ifchanged", "cycle", "trans",
             "translate", "blocktranslate", "partial", "get_current_language", "for", "regroup", "querystring"}  # fmt: skip


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str]] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in SILENT
        for name, value in attrs:
            if value and (name in SPOKEN or name.endswith("-words")):
                self._note(value)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and (name in SPOKEN or name.endswith("-words")):
                self._note(value)

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in SILENT and self._silent > 0

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._note(data)

    def _note(self, words: str) -> None:
        if WORD.search(EVERYWHERE.sub("", words)):
            self.found.append((self.getpos()[0], " ".join(words.split())))


def outside_words(source: str) -> list[tuple[int, str]]:
    """(line, words) of everything in a template that a reader sees or hears and no translation reaches."""
    if _IN_ENGLISH in source:
        return []
    page, literals = [], []
    inside = silent = False
    for token in Lexer(source).tokenize():
        name = token.contents.split()[0] if token.contents.split() else ""
        if token.token_type == TokenType.BLOCK and name in {"comment", "endcomment"}:
            silent = name == "comment"
        elif token.token_type == TokenType.BLOCK and name in {
            "blocktranslate",
            "endblocktranslate",
        }:
            inside = name == "blocktranslate"
            literals += _literals(token, name)
        elif token.token_type in {TokenType.BLOCK, TokenType.VAR} and not silent:
            literals += _literals(token, name)
        page.append(_shown(token, hidden=inside or silent))
    parser = _Words()
    parser.feed("".join(page))
    return sorted(parser.found + literals)


def _shown(token: Token, *, hidden: bool) -> str:
    if token.token_type == TokenType.TEXT and not hidden:
        return token.contents
    return "\n" * token.contents.count("\n")


def _literals(token: Token, name: str) -> Iterator[tuple[int, str]]:
    """Literals a filter or a tag may show, unless written _("…")."""
    tag = token.contents
    if token.token_type == TokenType.BLOCK and name in TECHNICAL:
        # An included file's name, a route: only what is handed on with `with` or a filter can be shown.
        tag = re.sub(r"^\w+\s+(\"[^\"]*\"|'[^']*')", "", tag) if name != "translate" else ""
        tag = (
            ""
            if name in {"if", "elif", "load", "icon", "block", "url", "static", "for", "cycle"}
            else tag
        )
    tag = re.sub(
        r"\|(date|time|stringformat|localtime|add|get|key|cut):(\"[^\"]*\"|'[^']*')", "", tag
    )
    for match in LITERAL.finditer(tag):
        words = match.group(1)[1:-1]
        if match.group(0).startswith("_("):
            continue
        if WORD.search(EVERYWHERE.sub("", words)) and (
            " " in words or words[:1].isupper() or "," in words
        ):
            yield token.lineno, words


def main(paths: list[str]) -> int:
    """Print what is found below `paths`; 1 when there is anything."""
    found = 0
    for root in map(Path, paths):
        for file in sorted(root.rglob("*.html")) if root.is_dir() else [root]:
            for line, words in outside_words(file.read_text()):
                found += 1
                print(f"{file}:{line}: {words}")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
