"""The latest decided escalations of a site are read on every queue and alert page: from an index of those alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alerts", "0011_desk_indexes")]

    operations = [
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                fields=["site", "-resolved_at"],
                condition=models.Q(strategy="escalate", state="resolved"),
                name="alert_escalated_decided",
            ),
        ),
    ]
