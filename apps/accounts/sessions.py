"""How fresh a person's authentication is: a decision needs one of the last five minutes."""

from allauth.account import app_settings
from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest
from django.utils import timezone


def authenticated_recently(request: HttpRequest) -> bool:
    """Whether the person proved who they are (sign-in counts) within `REAUTHENTICATION_SECONDS`."""
    records = get_authentication_records(request, request.user)
    moments = [float(entry["at"]) for entry in records]
    now = timezone.now().timestamp()
    return bool(moments) and now - max(moments) < app_settings.REAUTHENTICATION_TIMEOUT
