"""How fresh a person's authentication is: a decision needs one of the last five minutes."""

from typing import Final
from urllib.parse import urlencode

from allauth.account import app_settings
from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

DRAFT: Final = "draft_before_proof"
_LONGEST_KEPT: Final = 2_000
_MOST_KEPT: Final = 20


def authenticated_recently(request: HttpRequest) -> bool:
    """Whether the person proved who they are (sign-in counts) within `REAUTHENTICATION_SECONDS`."""
    records = get_authentication_records(request, request.user)
    moments = [float(entry["at"]) for entry in records]
    now = timezone.now().timestamp()
    return bool(moments) and now - max(moments) < app_settings.REAUTHENTICATION_TIMEOUT


def prove_it_is_you(request: HttpRequest, back: str) -> HttpResponse:
    """Ask for the password again, then come back to the address `back` with what was filled in."""
    kept = {
        name: [value[:_LONGEST_KEPT] for value in values[:_MOST_KEPT]]
        for name, values in list(request.POST.lists())[:_MOST_KEPT]
        if name != "csrfmiddlewaretoken"
    }
    request.session[DRAFT] = {"back": back, "values": kept}
    address = f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}"
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(address)
    return redirect(address)


def kept_lists_for(request: HttpRequest, *, page: str = "") -> dict[str, list[str]]:
    """Every value filled in on a page (this one unless named) before the person proved who they are."""
    draft = request.session.get(DRAFT) or {}
    back = str(draft.get("back", "")).partition("#")[0]
    return dict(draft["values"]) if back == (page or request.path) else {}


def kept_for(request: HttpRequest) -> dict[str, str]:
    """The last value of each field filled in on this page before the person proved who they are; once."""
    kept = {name: values[-1] for name, values in kept_lists_for(request).items() if values}
    if kept:
        forget_kept(request)
    return kept


def forget_kept(request: HttpRequest) -> None:
    """What was filled in before is used: the next visit begins with an empty form."""
    request.session.pop(DRAFT, None)
