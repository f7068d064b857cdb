"""The atlas's filters as they stand in the address."""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms

from apps.triage.segments import ReliabilityState


class AtlasSort(StrEnum):
    """What the rows are ordered by; the first is the default, worst first."""

    WORST = "worst"
    RATE = "rate"
    LABELS = "labels"
    NEEDED = "needed"
    ALERTS = "alerts"
    DISCOVERY = "discovery"


class AtlasLevel(StrEnum):
    """How wide a segment is: whole sites, whole cameras, or one set of conditions at a camera."""

    SITE = "site"
    CAMERA = "camera"
    SEGMENT = "segment"


@dataclass(frozen=True, kw_only=True)
class AtlasFilters:
    """A person's choice of segments; what cannot be read is dropped."""

    site: UUID | None = None
    camera: UUID | None = None
    zone_kind: str = ""
    lighting: str = ""
    daypart: str = ""
    weekday: str = ""
    crowding: str = ""
    detector: str = ""
    state: str = ""
    level: str = ""
    found: bool = False
    sort: AtlasSort = AtlasSort.WORST

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the order leaves rows out."""
        return any(getattr(self, one.name) for one in fields(self) if one.name != "sort")

    def address(self, **changes: object) -> str:
        """The query string with some filters changed; page numbers are left out."""
        values: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(self)}
        values |= {
            "found": "1" if self.found else "",
            "sort": "" if self.sort is AtlasSort.WORST else self.sort.value,
        }
        return urlencode({name: str(value) for name, value in (values | changes).items() if value})


class AtlasFilterForm(forms.Form):
    """Reads the filters from an address. A wrong value is dropped, never an error page."""

    site = forms.UUIDField(required=False)
    camera = forms.UUIDField(required=False)
    zone_kind = forms.CharField(max_length=20, required=False)
    lighting = forms.CharField(max_length=20, required=False)
    daypart = forms.CharField(max_length=20, required=False)
    weekday = forms.CharField(max_length=10, required=False)
    crowding = forms.CharField(max_length=20, required=False)
    detector = forms.CharField(max_length=190, required=False)
    state = forms.ChoiceField(
        choices=[(state.value, state.value) for state in ReliabilityState], required=False
    )
    level = forms.ChoiceField(
        choices=[(level.value, level.value) for level in AtlasLevel], required=False
    )
    found = forms.BooleanField(required=False)
    sort = forms.ChoiceField(
        choices=[(sort.value, sort.value) for sort in AtlasSort], required=False
    )

    def filters(self) -> AtlasFilters:
        """The readable part of what was asked."""
        self.is_valid()
        values: dict[str, Any] = {name: v for name, v in self.cleaned_data.items() if v}
        if "sort" in values:
            values["sort"] = AtlasSort(values["sort"])
        return AtlasFilters(**values)
