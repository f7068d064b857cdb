"""Who asks about evidence, and whether they may."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.evidence.models import EvidenceItem, Hold, RetentionRules
from apps.evidence.queries.holds import holds_visible_to
from apps.evidence.queries.items import items_visible_to
from apps.sites.queries import sites_visible_to

WRONG, CONFLICT = 422, 409


def asking(request: HttpRequest, *permissions: Permission) -> User:
    """The signed-in person, who holds one of `permissions`. Raises PermissionDenied."""
    user = request.user
    assert isinstance(user, User)
    if not any(user.may(permission) for permission in permissions):
        raise PermissionDenied(permissions[0].value)
    return user


def item_for(request: HttpRequest, item_id: UUID) -> tuple[User, EvidenceItem]:
    """A file of the person's sites: 404 to strangers, 403 to those without the permission."""
    user = request.user
    assert isinstance(user, User)
    items = items_visible_to(user).select_related("alert__site", "alert__camera", "derived_from")
    item = get_object_or_404(items, id=item_id)
    asking(request, Permission.VIEW_EVIDENCE)
    return user, item


def hold_for(request: HttpRequest, hold_id: UUID) -> tuple[User, Hold]:
    """A hold at the person's sites: 404 to strangers, 403 to those who may not release it."""
    user = request.user
    assert isinstance(user, User)
    hold = get_object_or_404(holds_visible_to(user), id=hold_id)
    asking(request, Permission.HOLD_EVIDENCE)
    return user, hold


def version_for(request: HttpRequest, version_id: UUID) -> tuple[User, RetentionRules]:
    """A version of the periods of the person's tenant."""
    user = asking(request, Permission.MANAGE_RETENTION)
    rows = RetentionRules.objects.filter(tenant_id=user.tenant_id)
    return user, get_object_or_404(rows, id=version_id)


def target_for(request: HttpRequest, thing: str, thing_id: UUID) -> tuple[User, dict[str, Any]]:
    """What a person wants to hold, at their sites, as the arguments of `place_hold`; 404 to strangers."""
    user = request.user
    assert isinstance(user, User)
    items = EvidenceItem.objects.filter(alert__site__in=sites_visible_to(user))
    column, argument = {
        "item": ("id", "item_ids"),
        "alert": ("alert_id", "alert_ids"),
        "case": ("alert__incident__case_id", "case_ids"),
    }[thing]
    get_object_or_404(items.filter(**{column: thing_id})[:1])
    asking(request, Permission.HOLD_EVIDENCE)
    return user, {argument: [thing_id]}
