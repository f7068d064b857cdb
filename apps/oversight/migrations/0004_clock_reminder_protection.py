"""Reminders are written once and belong to a tenant: who says that nobody was told is answered by the table.

Undone by reversing."""

from django.db import migrations

from apps.audit.protection import append_only, row_level_security


class Migration(migrations.Migration):
    dependencies = [("oversight", "0003_clock_reminder")]
    operations = [
        row_level_security("oversight_clockreminder"),
        append_only("oversight_clockreminder"),
    ]
