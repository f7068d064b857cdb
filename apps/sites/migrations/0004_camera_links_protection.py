"""A tenant sees its own camera links. Django cannot say which rows a role may see. Undone by reversing."""

from django.db import migrations

from apps.audit.protection import row_level_security


class Migration(migrations.Migration):
    dependencies = [("sites", "0003_camera_links")]
    operations = [row_level_security("sites_cameralink")]
