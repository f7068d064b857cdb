"""The language of what triage says, without knowing where translations come from.

Sentences are composed here, in English, from the record alone. A process that shows them to people in other languages
hands over its catalogue once; without one they stay English, as everything written to a record does.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class _Catalogue:
    gettext: Callable[[str], str] = lambda message: message
    ngettext: Callable[[str, str, int], str] = lambda one, many, n: one if n == 1 else many


_CATALOGUE = _Catalogue()


def use_catalogue(
    *, gettext: Callable[[str], str], ngettext: Callable[[str, str, int], str]
) -> None:
    """Look words up with these from now on, in the whole process."""
    _CATALOGUE.gettext = gettext
    _CATALOGUE.ngettext = ngettext


def gettext(message: str) -> str:
    """`message` in the reader's language; placeholders stay as they are."""
    return _CATALOGUE.gettext(message)


def ngettext(one: str, many: str, n: int) -> str:
    """The form for `n` in the reader's language; placeholders stay as they are."""
    return _CATALOGUE.ngettext(one, many, n)


def gettext_noop(message: str) -> str:
    """Mark a constant to be translated where it is shown."""
    return message
