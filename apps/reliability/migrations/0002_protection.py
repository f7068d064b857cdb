"""A cost model version that decided something stays readable for ever."""

from django.db import migrations

from apps.audit.protection import revoke, row_level_security


class Migration(migrations.Migration):
    dependencies = [("reliability", "0001_initial")]
    operations = [
        row_level_security("reliability_costmodelversion"),
        revoke("reliability_costmodelversion", ["DELETE", "TRUNCATE"]),
    ]
