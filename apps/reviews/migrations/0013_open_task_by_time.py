"""Whether anything is new is asked at every change: from an index of the open tasks by when they were opened."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviews", "0012_interventions_protection")]

    operations = [
        migrations.AddIndex(
            model_name="humantask",
            index=models.Index(
                fields=["tenant", "-opened_at"],
                condition=models.Q(state="open"),
                name="open_task_by_time",
            ),
        ),
    ]
