"""What people were told shows only in their own tenant; only the service that sweeps deletes it, when it is old.

An e-mail moves along its table. How far the chain was read is the service's alone to move forward. Undone by reversing."""

from django.db import migrations

from apps.audit.protection import APP, revoke, row_level_security, transition_guard
from apps.triage.states import NOTIFICATION_MAIL


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_notifications")]
    operations = [
        row_level_security("notifications_notification"),
        revoke("notifications_notification", ["DELETE", "TRUNCATE"], [APP]),
        row_level_security("notifications_notificationmail"),
        revoke("notifications_notificationmail", ["DELETE", "TRUNCATE"], [APP]),
        transition_guard(
            "notifications_notificationmail",
            "state",
            NOTIFICATION_MAIL.transitions,
            NOTIFICATION_MAIL.initial,
        ),
        row_level_security("notifications_notificationchoice"),
        revoke("notifications_notificationchoice", ["DELETE", "TRUNCATE"]),
        row_level_security("notifications_notificationcursor"),
        revoke("notifications_notificationcursor", ["DELETE", "TRUNCATE"]),
        revoke("notifications_notificationcursor", ["INSERT", "UPDATE"], [APP]),
    ]
