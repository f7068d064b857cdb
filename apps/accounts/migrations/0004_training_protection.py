"""A training record and its revocation are written once, and are seen by their tenant only. Undone by reversing."""

from django.db import migrations

from apps.audit.protection import append_only, row_level_security

TABLES = ("accounts_trainingrecord", "accounts_trainingrevocation")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_training")]
    operations = [
        *[row_level_security(table) for table in TABLES],
        *[append_only(table) for table in TABLES],
    ]
