"""Who asks, and whether they may."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.sites.queries import allows
from apps.watchlists.models import SightingLead, WatchlistEntry
from apps.watchlists.queries.sightings import leads_visible_to

WRONG = 422
CONFLICT = 409


def asking(request: HttpRequest, *permissions: Permission) -> User:
    """The signed-in person, who holds one of `permissions`; everybody else is refused."""
    user = request.user
    assert isinstance(user, User)
    if not any(user.may(permission) for permission in permissions):
        raise PermissionDenied(permissions[0].value)
    return user


def entry_for(
    request: HttpRequest, entry_id: UUID, permission: Permission = Permission.VIEW_WATCHLIST
) -> tuple[User, WatchlistEntry]:
    """An entry of the person's tenant: 404 to strangers, 403 to those without the permission."""
    user = request.user
    assert isinstance(user, User)
    entries = WatchlistEntry.objects.filter(tenant_id=user.tenant_id)
    entry = get_object_or_404(
        entries.select_related("alert__site", "name_row__person", "gate", "disposition"),
        id=entry_id,
    )
    if not user.may(permission):
        raise PermissionDenied(permission.value)
    return user, entry


def lead_for(request: HttpRequest, lead_id: UUID) -> tuple[User, SightingLead]:
    """A lead of the person's sites: 404 to strangers, 403 to those who may not judge there."""
    user = request.user
    assert isinstance(user, User)
    lead = get_object_or_404(leads_visible_to(user), id=lead_id)
    if not allows(user, Permission.CONFIRM_SIGHTING, lead.site_id):
        raise PermissionDenied(Permission.CONFIRM_SIGHTING.value)
    return user, lead
