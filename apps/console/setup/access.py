"""Who asks for a settings page, and whether they may: 404 to strangers, 403 to the others."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.sites.models import Camera, Site
from apps.sites.queries import allows, sites_visible_to

PLACES = (Permission.MANAGE_SITES, Permission.MANAGE_ZONES)


def asking(request: HttpRequest) -> User:
    """The signed-in person."""
    user = request.user
    assert isinstance(user, User)
    return user


def site_for(request: HttpRequest, site_id: UUID) -> tuple[User, Site]:
    """The site, for whoever may set up something at it."""
    user = asking(request)
    site = get_object_or_404(sites_visible_to(user), id=site_id)
    if not any(allows(user, right, site.id) for right in PLACES):
        raise PermissionDenied(Permission.MANAGE_SITES.value)
    return user, site


def camera_for(request: HttpRequest, camera_id: UUID) -> tuple[User, Camera]:
    """The camera, for whoever may set up something at its site."""
    user = asking(request)
    cameras = Camera.objects.filter(site__in=sites_visible_to(user)).select_related("site")
    camera = get_object_or_404(cameras, id=camera_id)
    site_for(request, camera.site_id)
    return user, camera


def require(user: User, right: Permission, site: Site) -> None:
    """Refuse whoever does not hold the right at the site."""
    if not allows(user, right, site.id):
        raise PermissionDenied(right.value)
