"""Setting up tenants and their people."""

from collections.abc import Mapping

from django.utils.translation import gettext

from apps.accounts.models import Tenant, User
from apps.accounts.permissions import Permission, Role
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record


def create_tenant(*, slug: str, name: str, currency: str = "EUR", is_drill: bool = False) -> Tenant:
    """Start a retailer. Call inside a transaction; raises ValidationError for a slug already taken."""
    tenant = Tenant(slug=slug, name=name, currency=currency, is_drill=is_drill)
    tenant.full_clean()
    tenant.save(force_insert=True)
    return tenant


def record_tenant_created(*, tenant: Tenant) -> None:
    """The first event of the tenant's chain; separate because it must run inside the tenant's scope."""
    record(
        actor=Actor.system(tenant.id),
        event=Event.TENANT_CREATED,
        subject=Subject("tenant", tenant.id),
        after={
            "slug": tenant.slug,
            "name": tenant.name,
            "currency": tenant.currency,
            "is_drill": tenant.is_drill,
        },
    )


def create_person(
    *, actor: Actor, tenant: Tenant, email: str, name: str, role: Role, password: str
) -> User:
    """Add a person who signs in by e-mail address. Raises ValidationError."""
    first, _, last = name.partition(" ")
    user = User(
        username=email,
        email=email,
        first_name=first,
        last_name=last,
        tenant=tenant,
        role=role.value,
    )
    user.is_staff = user.may(Permission.USE_ADMIN)
    user.set_password(password)
    user.full_clean()
    user.save(force_insert=True)
    record(
        actor=actor,
        event=Event.USER_CREATED,
        subject=Subject("user", user.id),
        after={"role": role.value},
    )
    return user


class UnableToChangePerson(Exception):
    """Afterwards nobody could give anybody a role any more."""


def change_person(*, actor: Actor, user: User) -> None:
    """Save a changed name, role or activity. A deactivated person's open attempts die at use.

    Raises UnableToChangePerson when the retailer's last active administrator would be one no longer.
    """
    before = User.objects.values("role", "is_active").get(id=user.id)
    _require_an_administrator(user, before)
    user.is_staff = user.may(Permission.USE_ADMIN)
    user.save(update_fields=["first_name", "last_name", "role", "is_active", "is_staff"])
    after = {"role": user.role, "is_active": user.is_active}
    event = Event.USER_CHANGED if user.is_active else Event.USER_DEACTIVATED
    record(actor=actor, event=event, subject=Subject("user", user.id), before=before, after=after)


def _require_an_administrator(user: User, before: Mapping[str, object]) -> None:
    if before != {"role": Role.ADMINISTRATOR, "is_active": True}:
        return
    if user.is_active and user.role == Role.ADMINISTRATOR:
        return
    # Locked, so that two administrators who demote each other at once do not both succeed.
    Tenant.objects.select_for_update().get(id=user.tenant_id)
    others = User.objects.filter(
        tenant_id=user.tenant_id, role=Role.ADMINISTRATOR, is_active=True
    ).exclude(id=user.id)
    if not others.exists():
        raise UnableToChangePerson(
            gettext("This is the last administrator: make somebody else administrator first.")
        )
