"""A tenant sees its own sites, cameras, zones and rosters.

Django cannot say which rows a role may see; row-level security can, and holds for raw SQL too. Grants
(sites_siteuserobjectpermission) join to a site and carry no facts of their own. Undone by reversing."""

from django.db import migrations

from apps.audit.protection import row_level_security


class Migration(migrations.Migration):
    dependencies = [("sites", "0001_initial")]
    operations = [
        *[row_level_security(table) for table in ("sites_site", "sites_camera", "sites_zone", "sites_roster")],
    ]
