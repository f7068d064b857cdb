"""How often people went against the machine, on screen."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.permissions import Permission
from apps.oversight.queries.overrides import override_lines
from apps.oversight.views.access import asking

PAGE_ROWS = 50


@login_required
@never_cache
@require_GET
def overrides(request: HttpRequest) -> HttpResponse:
    """Overrides by site and month, beside what people said before they saw the proposal."""
    user = asking(request, Permission.VIEW_OVERSIGHT)
    lines = override_lines(user, now=timezone.now())
    page = Paginator(lines, PAGE_ROWS).get_page(request.GET.get("page"))
    context = {"page": page, "hardly_ever": any(line.hardly_ever for line in lines)}
    return render(request, "oversight/overrides.html", context)
