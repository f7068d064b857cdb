"""The risk register on screen: the entries in force, one form for each, every version there was."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.permissions import Permission
from apps.oversight.forms import RiskForm
from apps.oversight.models import RiskRegisterVersion
from apps.oversight.operations.register import UnableToChange, put_risk, remove_risk
from apps.oversight.queries.register import register_of
from apps.oversight.register import Risk, UnableToRead
from apps.oversight.views.access import CONFLICT, WRONG, asking

MOST_VERSIONS = 20


@login_required
@never_cache
@require_GET
def risks(request: HttpRequest) -> HttpResponse:
    """Every risk with its control, what remains, and when somebody looks at it again."""
    user = asking(request, Permission.VIEW_OVERSIGHT)
    register = register_of(user.tenant_id)
    context = {
        "register": register,
        "today": timezone.now().date(),
        "due": register.due(timezone.now().date()),
        "versions": RiskRegisterVersion.objects.filter(tenant=user.tenant)[:MOST_VERSIONS],
        "may_manage": user.may(Permission.MANAGE_OVERSIGHT),
    }
    return render(request, "oversight/risks.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def risk_edit(request: HttpRequest, risk_id: str = "") -> HttpResponse:
    """Add an entry, or write one anew. The register gets a new version; the old ones stay."""
    user = asking(request, Permission.MANAGE_OVERSIGHT)
    register = register_of(user.tenant_id)
    known = next((one for one in register.risks if one.id == risk_id), None)
    if risk_id and known is None:
        raise Http404("no such entry")
    if request.method != "POST":
        values = dict(known.as_json()) if known else {}
        form = RiskForm(initial={**values, "instead_of": register.version})
        return render(request, "oversight/risk_edit.html", {"form": form, "risk": known})
    form = RiskForm(request.POST)
    status = WRONG
    if form.is_valid():
        stated = dict(form.cleaned_data)
        reason, instead_of = stated.pop("reason"), stated.pop("instead_of")
        try:
            put_risk(
                actor=actor_of(request),
                user=user,
                risk=Risk(**stated),
                reason=reason,
                instead_of=instead_of,
                now=timezone.now(),
            )
        except (UnableToChange, UnableToRead) as refusal:
            form.add_error(None, str(refusal))
            status = CONFLICT
        else:
            messages.success(request, gettext("The register has a new version."))
            return redirect("risks")
    return render(request, "oversight/risk_edit.html", {"form": form, "risk": known}, status=status)


@login_required
@require_POST
def risk_remove(request: HttpRequest, risk_id: str) -> HttpResponse:
    """Leave an entry out of the next version, with a reason."""
    user = asking(request, Permission.MANAGE_OVERSIGHT)
    register = register_of(user.tenant_id)
    if risk_id not in {one.id for one in register.risks}:
        raise Http404("no such entry")
    try:
        remove_risk(
            actor=actor_of(request),
            user=user,
            risk_id=risk_id,
            reason=request.POST.get("reason", ""),
            instead_of=register.version,
            now=timezone.now(),
        )
    except UnableToChange as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            gettext("%(risk_id)s is not in the new version; earlier versions keep it.")
            % {"risk_id": risk_id},
        )
    return redirect("risks")
