"""`{% precision_of sites %}`: how often escalated alerts were confirmed lately, so that nobody takes them on trust."""

from collections.abc import Sequence
from typing import Any, Final

from django import template

from apps.reviews.precision import live_precision
from apps.sites.models import Site

register = template.Library()
MOST_SITES: Final = 20


@register.inclusion_tag("console/_precision.html")
def precision_of(sites: Sequence[Site]) -> dict[str, Any]:
    """One line a site, at most MOST_SITES of them; at most one query, however many."""
    shown = list(sites)[:MOST_SITES]
    found = live_precision(site.id for site in shown)
    lines = [(site, found[site.id]) for site in shown]
    return {"lines": lines, "left_out": len(sites) - len(shown)}


@register.filter
def only(site: Site | None) -> list[Site]:
    """One site as the list `precision_of` takes."""
    return [site] if site else []
