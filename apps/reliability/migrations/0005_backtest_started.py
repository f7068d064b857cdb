from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reliability", "0004_protection")]
    operations = [
        migrations.AddField(
            model_name="backtest",
            name="started_at",
            field=models.DateTimeField(blank=True, null=True),
        )
    ]
