"""No tenant sees another's row: the database says so, not the code above it."""

import pytest
from django.db import InternalError, ProgrammingError, connection, transaction

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert
from apps.sites.models import Site
from tests.world import World, make_alert, make_camera, make_site

ISOLATED = """
    SELECT c.relname, c.relrowsecurity FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE a.attname = 'tenant_id' AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
"""
IDENTITY_TABLES = {"accounts_user", "alerts_detectorsource"}


@pytest.mark.django_db
def test_without_a_tenant_there_are_no_rows(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('second_look.tenant', '', true)")
    assert not Site.objects.exists()


def test_a_foreign_row_does_not_exist(world: World) -> None:
    alert = make_alert(world.camera)
    with tenant_scope(world.foreign_tenant.id):
        assert not Alert.objects.filter(id=alert.id).exists()
        assert Alert.objects.filter(id=alert.id).update(note="mine now") == 0
    assert Alert.objects.filter(id=alert.id).exists()


def test_a_row_cannot_be_written_for_somebody_else(world: World) -> None:
    with pytest.raises((ProgrammingError, InternalError)), transaction.atomic():
        make_site(world.foreign_tenant)


def test_the_outer_scope_is_restored(world: World) -> None:
    with tenant_scope(world.tenant.id):
        with tenant_scope(world.foreign_tenant.id):
            assert world.site not in Site.objects.all()
        assert world.site in Site.objects.all()
        make_camera(world.site)


def test_every_table_with_a_tenant_is_isolated(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ISOLATED)
        tables = dict(cursor.fetchall())
    open_tables = {name for name, isolated in tables.items() if not isolated}
    assert open_tables == IDENTITY_TABLES


def test_the_runtime_role_owns_nothing(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("second_look_app",)
        cursor.execute(
            "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user"
        )
        assert cursor.fetchone() == (0,)
