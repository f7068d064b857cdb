"""STOP on screen: press it, see what is stopped and since when, let it go on."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import authenticated_recently, kept_for, prove_it_is_you
from apps.oversight.forms import ResumeForm, StopForm
from apps.oversight.queries.halting import haltings_of, stop_figures
from apps.oversight.queries.stops import may_lift, stop_lines, stops_seen_by
from apps.oversight.views.access import CONFLICT, WRONG, asking
from apps.sites.stopping import UnableToResume, UnableToStop, resume_machine, stop_machine
from apps.triage.states import StopState

MOST_PAST = 20


@login_required
@never_cache
@require_GET
def stop_page(request: HttpRequest) -> HttpResponse:
    """What is stopped, a form to stop something, and the last STOPs. `?target=` preselects, `?site=` does too."""
    user = asking(request, Permission.VIEW_OVERSIGHT)
    return _page(request, user, _form(request, user))


@login_required
@require_POST
def stop_press(request: HttpRequest) -> HttpResponse:
    """Stop the machine at once: no proof of identity is asked, because stopping must be quick."""
    user = asking(request, Permission.STOP_MACHINE)
    form = StopForm(request.POST, user=user)
    if not form.is_valid():
        return _page(request, user, form, status=WRONG)
    site, camera = form.cleaned_data["target"]
    try:
        stop_machine(
            actor=actor_of(request),
            user=user,
            site=site,
            camera=camera,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        )
    except UnableToStop as refusal:
        form.add_error(None, str(refusal))
        return _page(request, user, form, status=WRONG)
    messages.success(request, gettext("Stopped. New alerts are kept and wait; nothing is lost."))
    return redirect("stop")


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def stop_resume(request: HttpRequest, stop_id: UUID) -> HttpResponse:
    """Let the machine go on: a reason, and proof of who one is."""
    user = asking(request, Permission.RESUME_MACHINE)
    stop = get_object_or_404(stops_seen_by(user), id=stop_id)
    if not may_lift(user, stop):
        raise PermissionDenied(Permission.RESUME_MACHINE.value)
    back = reverse("stop-resume", args=[stop.id])
    if request.method != "POST":
        form = ResumeForm(initial=kept_for(request))
        return render(request, "oversight/stop_resume.html", {"stop": stop, "form": form})
    form = ResumeForm(request.POST)
    if not form.is_valid():
        context = {"stop": stop, "form": form}
        return render(request, "oversight/stop_resume.html", context, status=WRONG)
    if not authenticated_recently(request):
        return prove_it_is_you(request, back)
    try:
        resume_machine(
            actor=actor_of(request),
            user=user,
            stop=stop,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        )
    except UnableToResume as refusal:
        form.add_error(None, str(refusal))
        context = {"stop": stop, "form": form}
        return render(request, "oversight/stop_resume.html", context, status=CONFLICT)
    messages.success(request, gettext("The machine goes on. What had waited is started in order."))
    return redirect("stop")


@login_required
@never_cache
@require_GET
def stop_state(request: HttpRequest) -> HttpResponse:
    """The part of the top bar that says what is stopped; it replaces itself when that changes."""
    return render(request, "oversight/_stop_bar.html")


def _page(request: HttpRequest, user: User, form: StopForm, *, status: int = 200) -> HttpResponse:
    now, own = timezone.now(), stops_seen_by(user)
    past = own.filter(state=StopState.LIFTED).select_related("lifted_by")[:MOST_PAST]
    in_force = haltings_of(own.filter(state=StopState.IN_FORCE), now=now)
    context = {
        "lines": stop_lines(user),
        "halted": {one.stop.id: one.words for one in in_force},
        "past": haltings_of(past, now=now),
        "figures": stop_figures(own, now=now),
        "form": form,
    }
    return render(request, "oversight/stop.html", context, status=status)


def _form(request: HttpRequest, user: User) -> StopForm:
    site = request.GET.get("site", "")
    wanted = request.GET.get("target", f"site:{site}" if site else "")
    return StopForm(user=user, initial={"target": wanted} if wanted else {})
