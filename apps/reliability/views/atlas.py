"""The reliability atlas on screen: the heat table, and one segment with the alerts behind its number."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.reliability.atlas_filters import AtlasFilterForm, AtlasFilters, AtlasLevel, AtlasSort
from apps.reliability.atlas_views import ATLAS_PAGES
from apps.reliability.models import AlertFact, ReliabilityRefresh, SegmentFinding
from apps.reliability.queries.atlas import (
    CONDITIONS,
    WORST_FIRST,
    Places,
    active_refresh,
    condition_words,
    filter_fields,
    labelled_facts,
    narrowed,
    network_rate,
    ordered,
    places_of,
    segment_address,
    segment_named,
    segment_of_alert,
    segments_visible_to,
    where_words,
)
from apps.reliability.queries.choices import active_triage_policy
from apps.reliability.queries.labels import label_counts
from apps.reliability.queries.outlook import outlook_of
from apps.reliability.tabs import tabs_for
from apps.sites.queries import sites_visible_to
from apps.triage.segments import Drift

PAGE_ROWS = 50
ALERT_ROWS = 25
SORT_WORDS = {
    AtlasSort.WORST: gettext_noop("Worst first"),
    AtlasSort.RATE: gettext_noop("Highest rate"),
    AtlasSort.LABELS: gettext_noop("Most labels"),
    AtlasSort.NEEDED: gettext_noop("Most labels needed"),
    AtlasSort.ALERTS: gettext_noop("Most alerts"),
    AtlasSort.DISCOVERY: gettext_noop("Surest finding"),
}
LEVEL_WORDS = {
    AtlasLevel.SITE: gettext_noop("Sites"),
    AtlasLevel.CAMERA: gettext_noop("Cameras"),
    AtlasLevel.SEGMENT: gettext_noop("Conditions at a camera"),
}
DRIFT_ICONS = {"rising": "trending-up", "falling": "trending-down"}


@dataclass(frozen=True, kw_only=True)
class AtlasRow:
    """One segment as the table shows it."""

    segment: SegmentFinding
    where: str
    conditions: list[str]
    address: str
    ratio: float | None

    @property
    def weekly_rates(self) -> list[float | None]:
        return weekly_rates(self.segment)

    @property
    def drift_known(self) -> bool:
        return self.segment.drift not in ("", Drift.UNKNOWN)

    @property
    def drift_icon(self) -> str:
        return DRIFT_ICONS.get(self.segment.drift, "")


@login_required
@never_cache
@require_GET
def atlas(request: HttpRequest) -> HttpResponse:
    """How far scores can be trusted, segment by segment, worst first."""
    user = viewer(request)
    refresh = active_refresh(user.tenant_id)
    context: dict[str, Any] = {
        "tabs": tabs_for(request),
        "pages": ATLAS_PAGES,
        "refresh": refresh,
    }
    if refresh is None:
        context["labels"] = label_counts(user)
        context["least_labels"] = active_triage_policy(user.tenant_id)[1].least_labels
        return render(request, "reliability/atlas.html", context)
    places = places_of(user)
    filters = AtlasFilterForm(request.GET).filters()
    visible = segments_visible_to(user, refresh=refresh, places=places)
    chosen = narrowed(visible, filters)
    network = network_rate(refresh)
    page = Paginator(ordered(chosen, filters.sort), PAGE_ROWS).get_page(request.GET.get("page"))
    context |= {
        "filters": filters,
        "fields": filter_fields(visible, filters, places),
        "sorts": [(sort.value, gettext(words)) for sort, words in SORT_WORDS.items()],
        "levels": [(level.value, gettext(words)) for level, words in LEVEL_WORDS.items()],
        "states": _states(visible, filters),
        "network": network,
        "page": page,
        "rows": [_row(segment, places, network) for segment in page],
        "address": filters.address(),
    }
    return render(request, "reliability/atlas.html", context)


@login_required
@never_cache
@require_GET
def segment(request: HttpRequest) -> HttpResponse:
    """One segment: its state explained by its numbers, its weeks, and the judged alerts behind it."""
    user = viewer(request)
    refresh = active_refresh(user.tenant_id)
    places = places_of(user)
    filters = AtlasFilterForm(request.GET).filters()
    found = _segment(user, refresh, filters, places)
    if refresh is None or found is None:
        raise Http404
    facts = labelled_facts(found, refresh=refresh, places=places)
    page = Paginator(facts, ALERT_ROWS).get_page(request.GET.get("page"))
    network = network_rate(refresh)
    context = {
        "tabs": tabs_for(request),
        "refresh": refresh,
        "row": _row(found, places, network),
        "segment": found,
        "network": network,
        "network_100": None if network is None else 100 * network,
        "outlook": outlook_of(found, tenant_id=user.tenant_id),
        "weeks": list(reversed(found.weekly)),
        "page": page,
        "alerts": alert_rows(list(page.object_list), user, places),
        "address": filters.address(sort=""),
        "zone": _zone(user, found),
    }
    return render(request, "reliability/segment.html", context)


@login_required
@never_cache
@require_GET
def alert_segment(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """From an alert to the narrowest segment it belongs to; to its camera's segments where none is known."""
    user = viewer(request)
    alert = get_object_or_404(Alert, id=alert_id, site__in=sites_visible_to(user))
    refresh = active_refresh(user.tenant_id)
    fact = AlertFact.objects.filter(alert_id=alert.id).first()
    found = None
    if refresh is not None and fact is not None:
        visible = segments_visible_to(user, refresh=refresh, places=places_of(user))
        found = segment_of_alert(visible, fact=fact)
    if found is None:
        return redirect(f"{reverse('reliability-atlas')}?camera={alert.camera_id}")
    return redirect(f"{reverse('reliability-segment')}?{urlencode(segment_address(found))}")


def viewer(request: HttpRequest) -> User:
    """The person asking, who may look at reliability."""
    user = request.user
    assert isinstance(user, User)
    if not user.may(Permission.VIEW_RELIABILITY):
        raise PermissionDenied(Permission.VIEW_RELIABILITY.value)
    return user


def _segment(
    user: User, refresh: ReliabilityRefresh | None, filters: AtlasFilters, places: Places
) -> SegmentFinding | None:
    if refresh is None:
        return None
    return segment_named(segments_visible_to(user, refresh=refresh, places=places), filters)


def weekly_rates(segment: SegmentFinding) -> list[float | None]:
    """The rates of the last weeks, oldest first; None for a week without labels."""
    return [week.get("rate") for week in segment.weekly]


def _row(segment: SegmentFinding, places: Places, network: float | None) -> AtlasRow:
    rate = segment.false_positive_rate
    return AtlasRow(
        segment=segment,
        where=where_words(segment, places),
        conditions=condition_words(segment),
        address=urlencode(segment_address(segment)),
        ratio=rate / network if rate is not None and network else None,
    )


def _states(visible: QuerySet[SegmentFinding], filters: AtlasFilters) -> list[dict[str, object]]:
    """How many segments each state has under the other filters, as links."""
    others = narrowed(visible, AtlasFilterForm({**_values(filters), "state": ""}).filters())
    counts = dict(others.order_by().values_list("state").annotate(Count("id")))
    return [
        {
            "state": state.value,
            "count": counts.get(state.value, 0),
            "address": filters.address(state="" if filters.state == state else state.value),
            "is_chosen": filters.state == state,
        }
        for state in WORST_FIRST
    ]


def _values(filters: AtlasFilters) -> dict[str, object]:
    names = ("site", "camera", "detector", "level", "found", *CONDITIONS)
    return {name: getattr(filters, name) for name in names}


def alert_rows(facts: list[AlertFact], user: User, places: Places) -> list[dict[str, Any]]:
    """The facts with a link where the alert is one of this system and may be looked at."""
    may_look = user.may(Permission.VIEW_ALERTS)
    return [
        {
            "fact": fact,
            "where": places.cameras.get(fact.camera_id) or places.sites.get(fact.site_id) or "",  # type: ignore[arg-type]
            "url": reverse("alert", args=[fact.alert_id])
            if may_look and fact.alert_id and fact.site_id in places.sites
            else "",
        }
        for fact in facts
    ]


def _zone(user: User, segment: SegmentFinding) -> str:
    sites = sites_visible_to(user)
    site = (sites.filter(id=segment.site_id) if segment.site_id else sites).first()
    return site.timezone if site else "UTC"
