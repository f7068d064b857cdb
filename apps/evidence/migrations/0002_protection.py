"""The chain of custody only grows.

Evidence rows are deleted by the retention service alone (the app role lacks DELETE), and custody rows, which hold opaque ids
and no foreign keys, outlive them. Undone by reversing."""

from django.db import migrations

from apps.audit.protection import APP, append_only, revoke, row_level_security


class Migration(migrations.Migration):
    dependencies = [("evidence", "0001_initial")]
    operations = [
        row_level_security("evidence_evidenceitem"),
        row_level_security("evidence_custodyevent"),
        append_only("evidence_custodyevent"),
        revoke("evidence_evidenceitem", ["DELETE", "TRUNCATE"], [APP]),
    ]
