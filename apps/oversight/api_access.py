"""What every endpoint of oversight shares: who asks, with which permission, and how a refusal is said."""

from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import authenticated_recently


class RefusalInWords(serializers.Serializer[object]):
    """Why it was not done, in words."""

    detail = serializers.CharField()


def asking(request: Request, permission: Permission) -> User:
    """The signed-in person, who holds `permission`. Raises PermissionDenied."""
    user = request.user
    assert isinstance(user, User)
    if not user.may(permission):
        raise PermissionDenied("This is not part of your role.")
    return user


def require_fresh_sign_in(request: Request) -> None:
    """Raises PermissionDenied unless the person proved who they are within the last minutes."""
    if not authenticated_recently(request._request):
        raise PermissionDenied("Sign in again first: this needs a sign-in of the last minutes.")


def refused(refusal: Exception) -> Response:
    """409 with the sentence the operation gave."""
    return Response({"detail": str(refusal)}, status=status.HTTP_409_CONFLICT)
