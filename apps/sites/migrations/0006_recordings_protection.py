"""A tenant sees its own recordings; what footage was cut from can neither be changed nor deleted. Undone by reversing."""

from django.db import migrations

from apps.audit.protection import revoke, row_level_security


class Migration(migrations.Migration):
    dependencies = [("sites", "0005_recordings")]
    operations = [
        row_level_security("sites_recording"),
        revoke("sites_recording", ["UPDATE", "DELETE", "TRUNCATE"]),
    ]
