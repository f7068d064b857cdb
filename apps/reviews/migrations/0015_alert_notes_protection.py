"""A wording of a note is never rewritten; its words may be emptied, when a person's texts are erased. Undone by reversing."""

from django.db import migrations

from apps.audit.protection import RUNTIME_ROLES, revoke, row_level_security

ROLES = ", ".join(RUNTIME_ROLES)


class Migration(migrations.Migration):
    dependencies = [("reviews", "0014_alert_notes")]
    operations = [
        row_level_security("reviews_alertnote"),
        revoke("reviews_alertnote", ["UPDATE", "DELETE", "TRUNCATE"]),
        migrations.RunSQL(
            sql=f"GRANT UPDATE (text) ON reviews_alertnote TO {ROLES}",
            reverse_sql=f"REVOKE UPDATE (text) ON reviews_alertnote FROM {ROLES}",
        ),
    ]
