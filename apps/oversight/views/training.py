"""Training records on screen: who may not decide for want of one, recording a training, taking a record back."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import TrainingRecord, User
from apps.accounts.permissions import Permission
from apps.accounts.queries import training_lines, training_records_of, training_standing
from apps.accounts.training import (
    Training,
    UnableToRecord,
    record_training,
    revoke_training,
)
from apps.oversight.training_forms import RevocationForm, TrainingForm
from apps.oversight.views.access import CONFLICT, WRONG, asking

PAGE_ROWS = 50


@login_required
@never_cache
@require_GET
def training(request: HttpRequest) -> HttpResponse:
    """Everybody who needs training for the release in use; who may not decide comes first."""
    user = asking(request, Permission.MANAGE_TRAINING_RECORDS)
    lines = training_lines(user.tenant_id, timezone.now())
    context = {
        "release": settings.TRAINING_RELEASE,
        "page": Paginator(lines, PAGE_ROWS).get_page(request.GET.get("page")),
        "everybody": len(lines),
        "missing": sum(not line.standing.is_covered for line in lines),
    }
    return render(request, "oversight/training.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def training_new(request: HttpRequest) -> HttpResponse:
    """Record that people took part in a training: all of them, or nobody."""
    user, now = asking(request, Permission.MANAGE_TRAINING_RECORDS), timezone.now()
    form = TrainingForm(
        request.POST or None,
        user=user,
        now=now,
        initial={"people": request.GET.getlist("person")},
    )
    status = WRONG if form.is_bound else 200
    if form.is_bound and form.is_valid():
        stated = dict(form.cleaned_data)
        people = list(stated.pop("people"))
        try:
            record_training(
                actor=actor_of(request),
                user=user,
                people=people,
                training=Training(**stated),
                now=now,
            )
        except UnableToRecord as refusal:
            form.add_error(None, str(refusal))
            status = CONFLICT
        else:
            messages.success(
                request,
                gettext("Recorded for %(len_people)s of your people.")
                % {"len_people": len(people)},
            )
            return redirect("training")
    return render(request, "oversight/training_new.html", {"form": form}, status=status)


@login_required
@never_cache
@require_GET
def training_of(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """One person's records, those taken back too, and a form that takes one back."""
    user, person = _person(request, user_id)
    return _page(request, user, person)


@login_required
@require_POST
def training_revoke(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Take a record back, with a reason. The person cannot decide by it from this moment on."""
    user = asking(request, Permission.MANAGE_TRAINING_RECORDS)
    found = get_object_or_404(
        TrainingRecord.objects.select_related("person"), id=record_id, tenant_id=user.tenant_id
    )
    form = RevocationForm(request.POST)
    if not form.is_valid():
        return _page(request, user, found.person, wrong=(found.id, form), status=WRONG)
    try:
        revoke_training(
            actor=actor_of(request),
            user=user,
            training=found,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        )
    except UnableToRecord as refusal:
        form.add_error(None, str(refusal))
        return _page(request, user, found.person, wrong=(found.id, form), status=CONFLICT)
    messages.success(
        request, gettext("The record is taken back. It stays visible with your reason.")
    )
    return redirect("training-person", user_id=found.person_id)


def _person(request: HttpRequest, user_id: UUID) -> tuple[User, User]:
    user = asking(request, Permission.MANAGE_TRAINING_RECORDS)
    return user, get_object_or_404(User, id=user_id, tenant_id=user.tenant_id)


def _page(
    request: HttpRequest,
    user: User,
    person: User,
    *,
    wrong: tuple[UUID, RevocationForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    rows = Paginator(training_records_of(person), PAGE_ROWS).get_page(request.GET.get("page"))
    context = {
        "person": person,
        "is_own": person.id == user.id,
        "standing": training_standing(person, now),
        "today": now.date(),
        "page": rows,
        "records": [(row, _form_for(row, wrong)) for row in rows],
    }
    return render(request, "oversight/training_person.html", context, status=status)


def _form_for(row: TrainingRecord, wrong: tuple[UUID, RevocationForm] | None) -> RevocationForm:
    """The form under a record: what was refused stays filled in under its own."""
    if wrong is not None and wrong[0] == row.id:
        return wrong[1]
    return RevocationForm(auto_id=f"id_{row.id}_%s")
