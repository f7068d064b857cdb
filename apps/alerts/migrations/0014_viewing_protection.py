"""A mark that somebody opened an alert shows only in its own tenant, and is never rewritten; housekeeping deletes old ones.

Undone by reversing."""

from django.db import migrations

from apps.audit.protection import revoke, row_level_security


class Migration(migrations.Migration):
    dependencies = [("alerts", "0013_viewing")]
    operations = [
        row_level_security("alerts_viewing"),
        revoke("alerts_viewing", ["UPDATE", "TRUNCATE"]),
    ]
