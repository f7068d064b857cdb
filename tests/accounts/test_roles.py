"""What each role may do, and that the table of roles is the only place that says so."""

import pytest

from apps.accounts.permissions import EVERY_SITE, ROLE_PERMISSIONS, TENANT_WIDE, Permission, Role
from apps.sites.queries import allows, people_of_site, sites_visible_to
from tests.world import World


def test_every_role_has_permissions_and_every_permission_has_a_role() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)
    granted = frozenset().union(*ROLE_PERMISSIONS.values())
    assert granted == set(Permission)


def test_an_administrator_cannot_decide_and_an_operator_cannot_administer() -> None:
    assert Permission.DECIDE not in ROLE_PERMISSIONS[Role.ADMINISTRATOR]
    everybody = {Permission.VIEW_OVERSIGHT, Permission.REPORT_SYSTEM_INCIDENT}
    rules = (TENANT_WIDE - everybody) | {Permission.APPROVE_CASES}
    assert not ROLE_PERMISSIONS[Role.OPERATOR] & rules


def test_whoever_approves_cases_cannot_confirm_thefts() -> None:
    for permissions in ROLE_PERMISSIONS.values():
        assert not {Permission.APPROVE_CASES, Permission.DECIDE} <= permissions


def test_only_an_administrator_activates_what_triage_rests_on() -> None:
    may = {role for role, kept in ROLE_PERMISSIONS.items() if Permission.ACTIVATE_POLICY in kept}
    assert may == {Role.ADMINISTRATOR}


def test_a_grant_says_where(world: World) -> None:
    assert allows(world.operator, Permission.DECIDE, world.site.id)
    assert not allows(world.operator, Permission.DECIDE, world.other_site.id)
    assert not allows(world.stranger, Permission.DECIDE, world.site.id)
    assert not allows(world.foreign_operator, Permission.DECIDE, world.site.id)


def test_a_grant_does_not_widen_the_role(world: World) -> None:
    assert allows(world.store_manager, Permission.VIEW_ALERTS, world.site.id)
    assert not allows(world.store_manager, Permission.DECIDE, world.site.id)


@pytest.mark.parametrize("role", sorted(EVERY_SITE))
def test_roles_without_grants_see_every_site_of_their_tenant_only(world: World, role: Role) -> None:
    person = {Role.COMPLIANCE: world.compliance, Role.ADMINISTRATOR: world.administrator}[role]
    assert set(sites_visible_to(person)) == {world.site, world.other_site}


def test_a_deactivated_person_may_nothing(world: World) -> None:
    world.operator.is_active = False
    world.operator.save()
    assert not allows(world.operator, Permission.VIEW_ALERTS, world.site.id)
    assert world.operator not in people_of_site(world.site, Permission.DECIDE)


def test_the_people_who_may_decide_at_a_site(world: World) -> None:
    deciders = people_of_site(world.site, Permission.DECIDE)
    assert set(deciders) == {world.operator, world.second_operator, world.lead}
