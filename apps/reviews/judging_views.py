"""How people judge beside the machine: before its proposal is shown, how long they take and how much they watch."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.reviews.judged_first import comparisons
from apps.reviews.pace import PersonMonth, person_months

DAYS: Final = 90
MONTHS: Final = 6


@dataclass(frozen=True, kw_only=True)
class Line:
    """A month of one person, with the name shown."""

    name: str
    of: PersonMonth


@login_required
@never_cache
@require_GET
def judging(request: HttpRequest) -> HttpResponse:
    """Rates for all; people by name only for those who oversee, by name and not by result. Everybody sees themselves."""
    user = request.user
    assert isinstance(user, User)
    if not user.may(Permission.VIEW_OVERSIGHT):
        raise PermissionDenied(Permission.VIEW_OVERSIGHT.value)
    now, oversees = timezone.now(), user.may(Permission.MANAGE_OVERSIGHT)
    since = _first_month(now)
    found = person_months(user, since=since, only=None if oversees else user.id)
    context = {
        "comparisons": comparisons(user, since=now - timedelta(days=DAYS)),
        "days": DAYS,
        "lines": _lines(user, found),
        "months": MONTHS,
        "oversees": oversees,
    }
    return render(request, "reviews/judging.html", context)


def _lines(user: User, found: list[PersonMonth]) -> list[Line]:
    people = User.objects.filter(tenant_id=user.tenant_id, id__in={one.person for one in found})
    names = {person.id: person.display_name for person in people}
    lines = [
        Line(name=names.get(one.person, gettext("a former colleague")), of=one) for one in found
    ]
    return sorted(lines, key=lambda line: (-line.of.month.timestamp(), line.name))


def _first_month(now: datetime) -> datetime:
    """The first moment of the month five months before this one, UTC."""
    months = now.year * 12 + now.month - MONTHS
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)
