"""The home of compliance, and the system card."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.permissions import Permission
from apps.oversight.models import SystemCardVersion
from apps.oversight.queries.card import figures_of, latest_card, statement_digest, statement_of
from apps.oversight.queries.clocks import clock_lines
from apps.oversight.queries.home import tiles_for
from apps.oversight.views.access import asking

MOST_VERSIONS = 20


@login_required
@never_cache
@require_GET
def compliance(request: HttpRequest) -> HttpResponse:
    """What needs attention, each with the page where it is done."""
    user = asking(request, Permission.VIEW_OVERSIGHT)
    now = timezone.now()
    context = {"tiles": tiles_for(user, now=now), "clocks": clock_lines(user, now=now), "now": now}
    return render(request, "oversight/home.html", context)


@login_required
@never_cache
@require_GET
def system_card(request: HttpRequest) -> HttpResponse:
    """What the system is for, how well it works here, and where it fails; printable."""
    user = asking(request, Permission.VIEW_OVERSIGHT)
    statement, kept = statement_of(user.tenant_id), latest_card(user.tenant_id)
    digest = statement_digest(statement)
    context = {
        "card": statement,
        "figures": figures_of(user.tenant_id),
        "digest": digest,
        "kept": kept if kept and kept.digest == digest else None,
        "versions": SystemCardVersion.objects.filter(tenant=user.tenant)[:MOST_VERSIONS],
        "now": timezone.now(),
    }
    return render(request, "oversight/card.html", context)
