"""Time stamps only grow, like the checkpoints they date: only the sequencer adds them, a tenant reads its own."""

from django.db import migrations

from apps.audit.protection import (
    SEQUENCER,
    append_only,
    grant,
    revoke,
    row_level_security,
    unrestricted,
)

TABLE = "audit_checkpoint_stamp"


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_checkpoint_stamps")]
    operations = [
        row_level_security(TABLE),
        unrestricted(TABLE, SEQUENCER),
        append_only(TABLE),
        revoke(TABLE, ["INSERT"]),
        grant(TABLE, ["SELECT", "INSERT"], [SEQUENCER]),
    ]
