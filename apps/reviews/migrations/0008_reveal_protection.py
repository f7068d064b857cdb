"""A reveal is a recorded act: who, which clip, why and until when never change; only its early end is written later.

Column privileges say that better than a trigger: an UPDATE of anything but `covered_at` is refused to the runtime roles.
Footage of before there were blurred copies is not shown by itself any more, and the page says why. Undone by reversing;
the sentence is taken off again.
"""

from django.db import migrations

from apps.audit.protection import RUNTIME_ROLES, revoke, row_level_security

OLD = "This clip was recorded before faces were blurred; no blurred copy was made of it."

SAY_SO = f"""
    UPDATE alerts_clip SET blur_note = '{OLD}'
    FROM alerts_alert a
    WHERE a.id = alert_id AND alerts_clip.state = 'stored' AND blurred_key = '' AND blur_note = ''
        AND a.state NOT IN ('received', 'analysing')
"""
TAKE_OFF = f"UPDATE alerts_clip SET blur_note = '' WHERE blur_note = '{OLD}'"

ROLES = ", ".join(RUNTIME_ROLES)


class Migration(migrations.Migration):
    dependencies = [("reviews", "0007_reveal")]
    operations = [
        row_level_security("reviews_reveal"),
        revoke("reviews_reveal", ["UPDATE", "DELETE", "TRUNCATE"]),
        migrations.RunSQL(
            sql=f"GRANT UPDATE (covered_at) ON reviews_reveal TO {ROLES}",
            reverse_sql=f"REVOKE UPDATE (covered_at) ON reviews_reveal FROM {ROLES}",
        ),
        migrations.RunSQL(sql=SAY_SO, reverse_sql=TAKE_OFF),
    ]
