"""People on record, and who looked at a person's data."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.people.models import Person
from apps.people.queries import name_of, people_called, people_visible_to
from apps.subject_requests.models import SubjectRequest
from apps.subject_requests.operations.looking import record_log_seen, record_people_viewed
from apps.subject_requests.queries.access_log import access_log_of, as_json
from apps.subject_requests.queries.mentions import linked_rows
from apps.subject_requests.views.access import asking

PAGE_ROWS = 50
LONGEST_QUERY = 100
HANDLE = Permission.HANDLE_SUBJECT_REQUESTS


@login_required
@never_cache
@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """Opaque ids, and what is known; each name that is shown is an audit event."""
    user = asking(request, HANDLE)
    query = request.GET.get("q", "")[:LONGEST_QUERY]
    found = people_called(query) if query.strip() else people_visible_to(user)
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    shown = list(page)
    record_people_viewed(actor=actor_of(request), people=[p for p in shown if not p.is_erased])
    rows = [{"person": person, "name": name_of(person)} for person in shown]
    return render(request, "people/people.html", {"rows": rows, "page": page, "query": query})


@login_required
@never_cache
@require_GET
def person(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """What is known of one person, and their requests."""
    found = _person_for(request, person_id)
    record_people_viewed(actor=actor_of(request), people=[found])
    context = {
        "person": found,
        "name": name_of(found),
        "requests": SubjectRequest.objects.filter(person=found),
        "rows": [str(row._meta.verbose_name) for row in linked_rows(found)],
    }
    return render(request, "people/person.html", context)


@login_required
@never_cache
@require_GET
def access_log(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Who looked at the person's data, by role; as a page, or with `?format=json` as a file."""
    found = _person_for(request, person_id)
    looks = access_log_of(found)
    is_export = request.GET.get("format") == "json"
    record_log_seen(actor=actor_of(request), person=found, entries=len(looks), is_export=is_export)
    if is_export:
        answer = HttpResponse(as_json(looks), content_type="application/json")
        name = f"{found.reference}-access-log.json"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer
    page = Paginator(looks[::-1], PAGE_ROWS).get_page(request.GET.get("page"))
    context = {"person": found, "name": name_of(found), "page": page}
    return render(request, "people/access_log.html", context)


def _person_for(request: HttpRequest, person_id: UUID) -> Person:
    user = request.user
    assert isinstance(user, User)
    found = get_object_or_404(Person, tenant_id=user.tenant_id, id=person_id)
    asking(request, HANDLE)
    return found
