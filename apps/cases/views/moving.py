"""Moving a case along its states; a refusal shows the page again with the reason as it was written."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.sessions import authenticated_recently, prove_it_is_you
from apps.cases.forms import CaseMoveForm
from apps.cases.models import Case
from apps.cases.moves import permission_for
from apps.cases.operations import UnableToMoveCase, move_case
from apps.cases.views.cases import case_for, case_page
from apps.sites.queries import allows
from apps.triage.states import CaseState

CONFLICT = 409


@login_required
@require_POST
def move(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Move a case along its table, or say who was faster."""
    user, found = case_for(request, case_id)
    form = CaseMoveForm(request.POST)
    if not form.is_valid():
        return _refused(request, user, found, "The case was not moved: say where it goes next.")
    to = CaseState(form.cleaned_data["to"])
    if not allows(user, permission_for(to), found.site_id):
        raise PermissionDenied(permission_for(to).value)
    if form.cleaned_data["version"] != found.version:
        return _refused(
            request,
            user,
            found,
            "Somebody else moved this case meanwhile. Look at it again first.",
        )
    if to is CaseState.APPROVED and not authenticated_recently(request):
        return prove_it_is_you(request, reverse("case", args=[found.id]))
    try:
        move_case(actor=actor_of(request), case=found, to=to, reason=form.cleaned_data["reason"])
    except UnableToMoveCase as refusal:
        return _refused(request, user, found, str(refusal))
    messages.success(
        request,
        gettext("The case is now %(to_value_replace)s.")
        % {"to_value_replace": to.value.replace("_", " ")},
    )
    return redirect("case", case_id=found.id)


def _refused(request: HttpRequest, user: User, found: Case, words: str) -> HttpResponse:
    messages.error(request, words)
    reason = request.POST.get("reason", "")[:500]
    kept = {"act": "move", "reason": reason, "words": words}
    return case_page(request, user, found, kept=kept, status=CONFLICT)
