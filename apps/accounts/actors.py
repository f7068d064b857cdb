"""Who is acting, as the audit chain names them."""

import hashlib

from django.http import HttpRequest

from apps.accounts.models import User
from apps.audit.events import NO_TENANT, Actor, Channel


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person with the role used and the channel the request came through."""
    user = request.user
    if not isinstance(user, User):
        return Actor(
            tenant_id=NO_TENANT, user_id=None, role="anonymous", channel=channel_of(request)
        )
    return Actor(
        tenant_id=user.tenant_id,
        user_id=user.id,
        role=user.role,
        channel=channel_of(request),
        session=session_reference(request),
    )


def channel_of(request: HttpRequest) -> Channel:
    """Screen, admin or API, by the address asked."""
    if request.path.startswith("/admin/"):
        return Channel.ADMIN
    if request.path.startswith("/api/"):
        return Channel.API
    return Channel.SCREEN


def session_reference(request: HttpRequest) -> str:
    """A digest that tells sessions apart and cannot be used as one."""
    key = request.session.session_key
    return hashlib.sha256(key.encode()).hexdigest()[:32] if key else ""
