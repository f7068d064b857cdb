"""A STOP shows only in its own tenant, is lifted once and for all, and does not disappear.

Who stopped what, when and why is written once: the runtime roles may update only the columns of its lifting. A table
constraint cannot say which columns may change. Undone by reversing."""

from django.db import migrations

from apps.audit.protection import revoke, row_level_security, transition_guard
from apps.triage.states import STOP

ONLY_LIFTED = migrations.RunSQL(
    sql="""
        REVOKE UPDATE ON sites_stop FROM second_look_app, second_look_service;
        GRANT UPDATE (state, lift_reason, lifted_by_id, lifted_at) ON sites_stop
            TO second_look_app, second_look_service;
    """,
    reverse_sql="""
        REVOKE UPDATE (state, lift_reason, lifted_by_id, lifted_at) ON sites_stop
            FROM second_look_app, second_look_service;
        GRANT UPDATE ON sites_stop TO second_look_app, second_look_service;
    """,
)


class Migration(migrations.Migration):
    dependencies = [("sites", "0007_stops")]
    operations = [
        row_level_security("sites_stop"),
        revoke("sites_stop", ["DELETE", "TRUNCATE"]),
        transition_guard("sites_stop", "state", STOP.transitions, STOP.initial),
        ONLY_LIFTED,
    ]
