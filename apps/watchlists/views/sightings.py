"""Where and when entries were seen: sites by week, and one site on its plan. Each look at a site is recorded."""

from datetime import timedelta
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.actors import actor_of
from apps.accounts.permissions import Permission
from apps.sites.models import Site
from apps.sites.pictures import picture_of
from apps.sites.plan_marks import on_and_off
from apps.watchlists.operations.looking import record_site_sightings_viewed
from apps.watchlists.queries.gate import gate_of
from apps.watchlists.queries.sighting_map import (
    WEEKS,
    SiteWeeks,
    camera_marks,
    sightings_at,
    site_weeks,
    window,
)
from apps.watchlists.views.access import asking
from apps.watchlists.views.tabs import tabs_for

MOST_ROWS = 50


class _Asked(forms.Form):
    site = forms.UUIDField(required=False)


@login_required
@never_cache
@require_GET
def sightings(request: HttpRequest) -> HttpResponse:
    """The last weeks of every site the person sees, and the site chosen, camera by camera."""
    user, now = asking(request, Permission.VIEW_PERSON_HISTORY), timezone.now()
    rows = site_weeks(user, now=now)
    site = _chosen(request, rows)
    context = {
        "tabs": tabs_for(request),
        "standing": gate_of(user.tenant_id, now=now),
        "weeks": window(now),
        "rows": rows,
        "in_all": sum(row.in_all for row in rows),
        "site": site,
    }
    if site is not None:
        found = sightings_at(user, since=now - timedelta(weeks=WEEKS)).filter(site=site)
        shown = list(found.select_related("entry", "camera", "alert")[:MOST_ROWS])
        record_site_sightings_viewed(actor=actor_of(request), site=site, shown=len(shown))
        marks = camera_marks(site, found)
        on, off = on_and_off(marks)
        context |= {
            "plan": picture_of(site=site),
            "marks": on,
            "off": off,
            "every": marks,
            "shown": shown,
            "count": found.count(),
        }
    return render(request, "watchlists/sightings.html", context)


def _chosen(request: HttpRequest, rows: list[SiteWeeks]) -> Site | None:
    """The site asked for, of those that are seen; None where none was asked for."""
    form = _Asked(request.GET)
    form.is_valid()
    asked: UUID | None = form.cleaned_data.get("site")
    return next((row.site for row in rows if row.site.id == asked), None)
