"""Who asks for a page of oversight, and with which permission."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from apps.accounts.models import User
from apps.accounts.permissions import Permission

WRONG, CONFLICT = 422, 409


def asking(request: HttpRequest, permission: Permission) -> User:
    """The signed-in person, who holds `permission`. Raises PermissionDenied."""
    user = request.user
    assert isinstance(user, User)
    if not user.may(permission):
        raise PermissionDenied(permission.value)
    return user
