"""An erasure that two people approved is carried out by the application: it may bury as well. Undone by reversing."""

from django.db import migrations

from apps.audit.protection import APP, grant


class Migration(migrations.Migration):
    dependencies = [("evidence", "0006_hold_alert_ids")]
    operations = [grant("evidence_tombstone", ["INSERT"], [APP])]
