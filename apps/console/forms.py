"""The queue's filters as they stand in the address."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.utils.translation import gettext, gettext_noop

from apps.triage.states import AlertState, Strategy


class QueueTab(StrEnum):
    """What part of the alerts a queue page shows; the first is the queue proper."""

    WAITING = "waiting"
    ANALYSING = "analysing"
    ARCHIVED = "archived"
    RESOLVED = "resolved"
    ALL = "all"


TAB_STATES: dict[QueueTab, frozenset[AlertState]] = {
    QueueTab.WAITING: frozenset({AlertState.AWAITING_REVIEW, AlertState.MODEL_REVIEW}),
    QueueTab.ANALYSING: frozenset({AlertState.RECEIVED, AlertState.ANALYSING}),
    QueueTab.ARCHIVED: frozenset({AlertState.ARCHIVED}),
    QueueTab.RESOLVED: frozenset({AlertState.RESOLVED}),
    QueueTab.ALL: frozenset(AlertState),
}


@dataclass(frozen=True, kw_only=True)
class QueueFilters:
    """A person's choice of rows; what cannot be read falls back to everything waiting."""

    tab: QueueTab = QueueTab.WAITING
    site_id: UUID | None = None
    strategy: str = ""
    label: str = ""
    assignee: str = ""
    older: int = 0

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the tab leaves rows out."""
        return bool(self.site_id or self.strategy or self.label or self.assignee or self.older)

    def address(self, **changes: object) -> str:
        """The queue's query string with some filters changed; page numbers are left out."""
        values: dict[str, object] = {
            "state": "" if self.tab is QueueTab.WAITING else self.tab.value,
            "site": self.site_id,
            "strategy": self.strategy,
            "label": self.label,
            "assignee": self.assignee,
            "older": self.older,
        } | changes
        return urlencode({name: str(value) for name, value in values.items() if value})


ME: Final = "me"
NOBODY: Final = "nobody"
OLDER_WORDS: Final = {
    15: gettext_noop("Older than 15 min"),
    60: gettext_noop("Older than 1 h"),
    240: gettext_noop("Older than 4 h"),
    1440: gettext_noop("Older than a day"),
}


class QueueFilterForm(forms.Form):
    """Reads ?state, ?site, ?strategy, ?label, ?assignee, ?older. A wrong value is dropped, never an error page."""

    state = forms.ChoiceField(choices=[(tab.value, tab.value) for tab in QueueTab], required=False)
    site = forms.UUIDField(required=False)
    strategy = forms.ChoiceField(
        choices=[(strategy.value, strategy.value) for strategy in Strategy], required=False
    )
    label = forms.CharField(max_length=80, required=False)
    assignee = forms.CharField(max_length=36, required=False)
    older = forms.TypedChoiceField(
        choices=list(OLDER_WORDS.items()), coerce=int, empty_value=None, required=False
    )

    def clean_assignee(self) -> str:
        """`me`, `nobody` or a person's id."""
        asked = str(self.cleaned_data["assignee"])
        if asked in ("", ME, NOBODY):
            return asked
        try:
            return str(UUID(asked))
        except ValueError as fault:
            raise forms.ValidationError(gettext("not a person")) from fault

    def filters(self) -> QueueFilters:
        """The readable part of what was asked."""
        self.is_valid()
        values: dict[str, Any] = self.cleaned_data
        return QueueFilters(
            tab=QueueTab(values.get("state") or QueueTab.WAITING),
            site_id=values.get("site"),
            strategy=values.get("strategy") or "",
            label=values.get("label") or "",
            assignee=values.get("assignee") or "",
            older=values.get("older") or 0,
        )
