from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reliability", "0005_backtest_started")]
    operations = [
        migrations.AddField(
            model_name="alertfact",
            name="assessment_id",
            field=models.UUIDField(blank=True, help_text="What it was gathered from.", null=True),
        ),
        migrations.AddField(
            model_name="alertfact",
            name="disposition_id",
            field=models.UUIDField(blank=True, help_text="The verdict that stood.", null=True),
        ),
        migrations.AddField(
            model_name="triagebasis",
            name="signal_means",
            field=models.JSONField(
                default=dict,
                help_text="The fields of `apps.triage.signal_means.SignalMeans`, as stored.",
            ),
        ),
    ]
