"""The audit page: the tenant's chain with filters, where it stands, and a check on demand."""

from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.audit.checks import UnableToCheck, ask_for_check
from apps.audit.events import Channel
from apps.audit.queries import audit_lag, chain_standing, latest_checks
from apps.console.audit_explorer import KINDS, PAGE_ROWS, AuditFilterForm, audit_rows
from apps.sites.queries import sites_visible_to


@login_required
@never_cache
@require_GET
def audit(request: HttpRequest) -> HttpResponse:
    """Every recorded act of the tenant, newest first."""
    user = _viewer(request)
    site = sites_visible_to(user).first()
    zone = site.timezone if site else "UTC"
    form = AuditFilterForm(request.GET)
    filters = form.filters(zone=ZoneInfo(zone))
    rows = audit_rows(user, filters=filters, before=form.below)
    shown = rows[:PAGE_ROWS]
    context = _standing(user) | {
        "rows": shown,
        "filters": filters,
        "asked": form.values(),
        "address": form.address(),
        "is_narrowed": bool(form.address()),
        "is_first": form.below is None,
        "next_before": shown[-1].event.index if len(rows) > PAGE_ROWS else None,
        "kinds": KINDS,
        "channels": [channel.value for channel in Channel],
        "zone": zone,
    }
    return render(request, "console/audit.html", context)


@login_required
@never_cache
@require_GET
def audit_standing(request: HttpRequest) -> HttpResponse:
    """Where the chain stands, again, while a check is under way."""
    return render(request, "console/_audit_standing.html", _standing(_viewer(request)))


@login_required
@require_POST
def audit_check(request: HttpRequest) -> HttpResponse:
    """Have the whole chain verified in the background."""
    _viewer(request)
    try:
        ask_for_check(actor=actor_of(request), now=timezone.now())
    except UnableToCheck as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, gettext("The chain is being verified. The result appears here."))
    return redirect("audit")


def _standing(user: User) -> dict[str, object]:
    checks = latest_checks(tenant_id=user.tenant_id)
    lag = audit_lag(now=timezone.now())
    return {
        "standing": chain_standing(tenant_id=user.tenant_id),
        "checks": checks,
        "is_checking": bool(checks) and checks[0].is_under_way,
        "lag": lag,
        "is_behind": lag.is_behind(),
    }


def _viewer(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)
    if not user.may(Permission.VIEW_AUDIT):
        raise PermissionDenied(Permission.VIEW_AUDIT.value)
    return user
