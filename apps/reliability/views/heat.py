"""The atlas as a heat table: every cell a segment, with the alerts behind its number one link away."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.reliability.atlas_views import ATLAS_PAGES
from apps.reliability.models import SegmentFinding
from apps.reliability.queries.atlas import (
    active_refresh,
    network_rate,
    places_of,
    segment_address,
    segments_visible_to,
)
from apps.reliability.queries.choices import active_triage_policy
from apps.reliability.queries.heat import (
    HeatColumns,
    HeatRow,
    HeatRows,
    column_words,
    heat_table,
)
from apps.reliability.queries.labels import label_counts
from apps.reliability.tabs import tabs_for
from apps.reliability.views.atlas import viewer, weekly_rates

MOST_ROWS = 60
ROW_WORDS = {
    HeatRows.CAMERA: gettext_noop("Cameras"),
    HeatRows.ZONE: gettext_noop("Kinds of zone"),
    HeatRows.SITE: gettext_noop("Sites"),
}
COLUMN_WORDS = {
    HeatColumns.DAYPART: gettext_noop("Part of the day"),
    HeatColumns.LIGHTING: gettext_noop("Light"),
    HeatColumns.WEEKDAY: gettext_noop("Day of the week"),
    HeatColumns.CROWDING: gettext_noop("How full it was"),
}


class HeatForm(forms.Form):
    """What to cross, read from the address. A wrong value is dropped, never an error page."""

    rows = forms.ChoiceField(choices=[(one.value, one.value) for one in HeatRows], required=False)
    columns = forms.ChoiceField(
        choices=[(one.value, one.value) for one in HeatColumns], required=False
    )
    site = forms.UUIDField(required=False)

    def chosen(self) -> dict[str, Any]:
        """Rows, columns and site as `heat_table` takes them."""
        self.is_valid()
        said = self.cleaned_data
        return {
            "rows": HeatRows(said.get("rows") or HeatRows.CAMERA),
            "columns": HeatColumns(said.get("columns") or HeatColumns.DAYPART),
            "site": said.get("site"),
        }


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell as the table shows it; without a segment no alert was ever raised there."""

    segment: SegmentFinding | None

    @property
    def rate(self) -> float | None:
        return self.segment.false_positive_rate if self.segment else None

    @property
    def address(self) -> str:
        return urlencode(segment_address(self.segment)) if self.segment else ""


@login_required
@never_cache
@require_GET
def heat(request: HttpRequest) -> HttpResponse:
    """Where and when alerts were false, in one look."""
    user = viewer(request)
    refresh = active_refresh(user.tenant_id)
    context: dict[str, Any] = {
        "tabs": tabs_for(request),
        "refresh": refresh,
        "pages": ATLAS_PAGES,
        "least_labels": active_triage_policy(user.tenant_id)[1].least_labels,
    }
    if refresh is None:
        context["labels"] = label_counts(user)
        return render(request, "reliability/heat.html", context)
    places, chosen = places_of(user), HeatForm(request.GET).chosen()
    visible = segments_visible_to(user, refresh=refresh, places=places)
    table = heat_table(visible, places=places, most=MOST_ROWS, **chosen)
    context |= {
        **chosen,
        "table": table,
        "headings": [column_words(chosen["columns"], word) for word in table.columns],
        "shown": [_row(row) for row in table.rows],
        "network": network_rate(refresh),
        "row_choices": [(one.value, gettext(words)) for one, words in ROW_WORDS.items()],
        "column_choices": [(one.value, gettext(words)) for one, words in COLUMN_WORDS.items()],
        "sites": sorted(places.sites.items(), key=lambda one: one[1]),
    }
    return render(request, "reliability/heat.html", context)


def _row(row: HeatRow) -> dict[str, Any]:
    return {
        "where": row.where,
        "whole": Cell(segment=row.whole),
        "cells": [Cell(segment=cell) for cell in row.cells],
        "weekly": weekly_rates(row.whole) if row.whole else [],
    }
