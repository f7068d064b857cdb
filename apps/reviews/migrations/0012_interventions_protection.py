"""What was recorded of an intervention, and what was judged before the proposal was shown, is never rewritten.

Column privileges say that better than a trigger: of an entry only its words may be emptied, when a person's texts are
erased. Undone by reversing.
"""

from django.db import migrations

from apps.audit.protection import RUNTIME_ROLES, append_only, revoke, row_level_security

ROLES = ", ".join(RUNTIME_ROLES)


class Migration(migrations.Migration):
    dependencies = [("reviews", "0011_complaints_into_entries")]
    operations = [
        migrations.RemoveField(model_name="intervention", name="complaint"),
        row_level_security("reviews_interventionentry"),
        revoke("reviews_interventionentry", ["UPDATE", "DELETE", "TRUNCATE"]),
        migrations.RunSQL(
            sql=f"GRANT UPDATE (reason) ON reviews_interventionentry TO {ROLES}",
            reverse_sql=f"REVOKE UPDATE (reason) ON reviews_interventionentry FROM {ROLES}",
        ),
        row_level_security("reviews_blindjudgement"),
        append_only("reviews_blindjudgement"),
    ]
