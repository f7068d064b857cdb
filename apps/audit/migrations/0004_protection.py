"""A check shows only in its own tenant; nobody may make one disappear."""

from django.db import migrations

from apps.audit.protection import revoke, row_level_security


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_checks_and_search")]
    operations = [
        row_level_security("audit_check"),
        revoke("audit_check", ["DELETE", "TRUNCATE"]),
    ]
