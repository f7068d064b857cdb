"""The evidence a person may see: the list, and everything about one file."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.permissions import Permission
from apps.accounts.queries import name_of
from apps.audit.events import Event, Subject
from apps.audit.operations import record
from apps.evidence.forms import EvidenceFilterForm
from apps.evidence.models import CheckOutcome
from apps.evidence.operations.checks import check_items
from apps.evidence.queries.items import custody_of
from apps.evidence.queries.shown import (
    found_items,
    holds_shown,
    not_as_acquired,
    rows_of,
)
from apps.evidence.views.access import asking, item_for
from apps.sites.queries import allows

PAGE_ROWS = 50


@login_required
@never_cache
@require_GET
def items(request: HttpRequest) -> HttpResponse:
    """The evidence of the person's sites, newest first, and when each file goes."""
    user = asking(request, Permission.VIEW_EVIDENCE)
    form = EvidenceFilterForm(request.GET)
    form.is_valid()
    page = Paginator(found_items(user, **form.cleaned_data), PAGE_ROWS).get_page(
        request.GET.get("page")
    )
    address = request.GET.copy()
    address.pop("page", None)
    context = {
        "page": page,
        "rows": rows_of(list(page)),
        "form": form,
        "address": address.urlencode(),
        "wrong": not_as_acquired(user),
    }
    return render(request, "evidence/items.html", context)


@login_required
@never_cache
@require_GET
def about(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """Where a file is, its digests, everybody who had it, what keeps it and when it was read again."""
    user, item = item_for(request, item_id)
    record(
        actor=actor_of(request),
        event=Event.EVIDENCE_VIEWED,
        subject=Subject("evidence_item", item.id),
        details={"part": "record"},
    )
    context = {
        "item": item,
        "zone": item.alert.site.timezone,
        "custody": [(step, name_of(step.actor_id)) for step in custody_of(item)],
        "holds": [(hold, name_of(hold.placed_by)) for hold in holds_shown(item)],
        "derivatives": item.derivatives.order_by("acquired_at"),
        "may_hold": allows(user, Permission.HOLD_EVIDENCE, item.alert.site_id),
        "is_wrong": item.check_outcome in (CheckOutcome.ALTERED, CheckOutcome.MISSING),
    }
    return render(request, "evidence/item.html", context)


@login_required
@require_POST
def check(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """Read one file again now and compare it with its digests."""
    user, item = item_for(request, item_id)
    found = check_items(
        tenant_id=user.tenant_id,
        item_ids=[item.id],
        now=timezone.now(),
        actor=actor_of(request),
    )
    if found.unread or not found.checked:
        messages.error(
            request,
            gettext("The store did not answer, or the file is deleted. Nothing was compared."),
        )
    elif found.altered or found.missing:
        messages.error(request, gettext("This file is not as it was acquired."))
    else:
        messages.success(request, gettext("Every byte is as it was acquired."))
    return redirect("evidence-about", item.id)
