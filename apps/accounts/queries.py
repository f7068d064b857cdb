"""Reading tenants and their people."""

from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.models import Tenant, User
from apps.accounts.permissions import ROLE_PERMISSIONS, Permission, Role


def people_of(tenant: Tenant | UUID) -> QuerySet[User]:
    """The active people of a tenant, by name."""
    tenant_id = tenant.id if isinstance(tenant, Tenant) else tenant
    return User.objects.filter(tenant_id=tenant_id, is_active=True).order_by("username")


def people_who_may(tenant: Tenant | UUID, permission: Permission) -> QuerySet[User]:
    roles = [role.value for role in Role if permission in ROLE_PERMISSIONS[role]]
    return people_of(tenant).filter(role__in=roles)


def name_of(user_id: UUID | None) -> str:
    """A person's name for the screen; the records keep the opaque id."""
    if user_id is None:
        return "Second Look"
    user = User.objects.filter(id=user_id).first()
    return user.display_name if user else "a former colleague"
