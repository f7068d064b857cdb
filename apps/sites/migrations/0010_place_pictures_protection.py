"""A tenant sees its own plans and camera pictures.

A picture is replaced, never changed: the runtime roles may update only the column that gives it up. Undone by reversing."""

from django.db import migrations

from apps.audit.protection import revoke, row_level_security

ONLY_GIVEN_UP = migrations.RunSQL(
    sql="""
        REVOKE UPDATE ON sites_placepicture FROM second_look_app, second_look_service;
        GRANT UPDATE (replaced_at) ON sites_placepicture TO second_look_app, second_look_service;
    """,
    reverse_sql="""
        REVOKE UPDATE (replaced_at) ON sites_placepicture FROM second_look_app, second_look_service;
        GRANT UPDATE ON sites_placepicture TO second_look_app, second_look_service;
    """,
)


class Migration(migrations.Migration):
    dependencies = [("sites", "0009_place_pictures")]
    operations = [
        row_level_security("sites_placepicture"),
        revoke("sites_placepicture", ["TRUNCATE"]),
        ONLY_GIVEN_UP,
    ]
