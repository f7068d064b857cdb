"""A saved view shows only in its own tenant."""

from django.db import migrations

from apps.audit.protection import row_level_security


class Migration(migrations.Migration):
    dependencies = [("console", "0001_saved_views")]
    operations = [row_level_security("console_savedview")]
