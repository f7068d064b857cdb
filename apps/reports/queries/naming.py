"""Names in place of tokens when somebody reads, and tokens in place of names when somebody writes."""

import re
from typing import Final
from uuid import UUID

from apps.accounts.models import User
from apps.accounts.queries import name_of
from apps.cases.models import Case
from apps.people.queries import ERASED, names_of
from apps.reports.queries.people import names_in_case
from apps.reports.queries.words import somebody, staff

_TOKEN: Final = re.compile(r"\[\[(user|person):([0-9a-f-]{36})\]\]")
_SHORTEST_NAME: Final = 3


class Naming:
    """The names of one case: looked up once, put in and taken out as often as needed."""

    def __init__(self, case: Case, *, author_id: UUID | None = None) -> None:
        self._people = names_in_case(case)
        self._author = User.objects.filter(id=author_id).first() if author_id else None
        self._known: dict[tuple[str, str], str] = {}

    def named(self, text: str) -> str:
        """The text as a person reads it."""
        return _TOKEN.sub(self._name, text)

    def tokenised(self, text: str) -> str:
        """The text as it is stored: the names of the case's people, and of the author, as tokens."""
        tokens = {name: somebody(id_) for id_, name in self._people.items()}
        if self._author:
            tokens[self._author.display_name] = staff(self._author.id)
        for name in sorted(tokens, key=len, reverse=True):
            if len(name) >= _SHORTEST_NAME:
                whole = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
                text = whole.sub(tokens[name], text)
        return text

    def _name(self, found: re.Match[str]) -> str:
        kind, id_ = found.groups()
        if (kind, id_) not in self._known:
            one = UUID(id_)
            known = name_of(one) if kind == "user" else names_of([one]).get(one, ERASED)
            self._known[kind, id_] = known
        return self._known[kind, id_]
