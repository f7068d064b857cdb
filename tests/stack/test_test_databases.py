"""The harness itself: whose role, whose database, and what is left behind."""

import psycopg
import pytest
from django.db import connection

from tests.harness.databases import SHARED, current_database


@pytest.mark.django_db
def test_a_plain_test_is_the_application_role_in_the_shared_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        assert cursor.fetchone() == ("second_look_app", SHARED)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("run", [1, 2])
def test_a_transactional_test_has_a_fresh_database_of_its_own(
    run: int, owner_connection: psycopg.Connection
) -> None:
    assert current_database() != SHARED
    owner_connection.execute("CREATE TABLE left_behind (id int)")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO left_behind VALUES (1)")
        cursor.execute("SELECT count(*), current_database() FROM left_behind")
        assert cursor.fetchone() == (1, current_database())
