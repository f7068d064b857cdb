"""The queue is read in its order: from an index of what waits, instead of sorting all of it for every page."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alerts", "0014_viewing_protection")]

    operations = [
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                fields=["tenant", "-priority", "due_at", "id"],
                condition=models.Q(state__in=("awaiting_review", "model_review")),
                name="alert_waiting_by_worth",
            ),
        ),
    ]
