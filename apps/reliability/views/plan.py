"""The atlas on a site's plan: every camera where it hangs, with the band of its rate as a letter and a colour."""

from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.permissions import Permission
from apps.reliability.atlas_filters import AtlasLevel
from apps.reliability.atlas_views import ATLAS_PAGES
from apps.reliability.models import SegmentFinding
from apps.reliability.queries.atlas import (
    LEVELS,
    active_refresh,
    places_of,
    segment_address,
    segments_visible_to,
)
from apps.reliability.queries.choices import active_triage_policy
from apps.reliability.queries.labels import label_counts
from apps.reliability.tabs import tabs_for
from apps.reliability.templatetags.reliability import false_of_100
from apps.reliability.views.atlas import viewer
from apps.sites.models import Camera, Site
from apps.sites.pictures import picture_of
from apps.sites.plan_marks import PlanMark, on_and_off
from apps.sites.queries import allows, sites_visible_to
from apps.triage.segments import ReliabilityState

LETTERS: Final = {
    ReliabilityState.GREEN: "G",
    ReliabilityState.AMBER: "A",
    ReliabilityState.RED: "R",
    ReliabilityState.UNKNOWN: "?",
}


class SiteChoice(forms.Form):
    """The site, read from the address. A wrong value is dropped."""

    site = forms.UUIDField(required=False)

    def chosen(self, sites: list[Site]) -> Site | None:
        """The site asked for; the first one where none, or none that is seen, was asked for."""
        self.is_valid()
        asked: UUID | None = self.cleaned_data.get("site")
        return next((one for one in sites if one.id == asked), sites[0] if sites else None)


@login_required
@never_cache
@require_GET
def plan(request: HttpRequest) -> HttpResponse:
    """One site's cameras on its plan; without a plan the page says how to get one."""
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
        return render(request, "reliability/plan.html", context)
    sites = list(sites_visible_to(user))
    site = SiteChoice(request.GET).chosen(sites)
    context |= {"sites": sites, "site": site}
    if site is not None:
        visible = segments_visible_to(user, refresh=refresh, places=places_of(user))
        marks = _marks(site, visible.filter(LEVELS[AtlasLevel.CAMERA], site_id=site.id))
        on, off = on_and_off(marks)
        context |= {
            "plan": picture_of(site=site),
            "marks": on,
            "off": off,
            "every": marks,
            "may_place": allows(user, Permission.MANAGE_ZONES, site.id),
        }
    return render(request, "reliability/plan.html", context)


def _marks(site: Site, found: Any) -> list[PlanMark]:
    """Every camera of the site that is in use, by name."""
    by_camera: dict[UUID | None, SegmentFinding] = {one.camera_id: one for one in found}
    cameras = Camera.objects.filter(site=site, is_active=True)
    return [_mark(camera, by_camera.get(camera.id)) for camera in cameras]


def _mark(camera: Camera, found: SegmentFinding | None) -> PlanMark:
    if found is None:
        return PlanMark(
            camera=camera, label="–", kind="unknown", words=gettext("no alert was judged here yet")
        )
    state = ReliabilityState(found.state)
    rate = false_of_100(found.false_positive_rate, found.low, found.high, found.label_count)
    known = state is not ReliabilityState.UNKNOWN
    if known:
        more = ngettext("%(count)s label", "%(count)s labels", found.label_count)
        more %= {"count": found.label_count}
    else:
        more = gettext("%(count)s more are needed") % {"count": found.labels_needed or 0}
    return PlanMark(
        camera=camera,
        label=LETTERS[state],
        kind=state.value,
        words=f"{rate}, {more}",
        url=f"{reverse('reliability-segment')}?{urlencode(segment_address(found))}#alerts",
    )
