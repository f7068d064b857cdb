"""A witness's signatures only grow, like the checkpoints they are on: the sequencer adds them, a tenant reads its own."""

from django.db import migrations

from apps.audit.protection import (
    SEQUENCER,
    append_only,
    grant,
    revoke,
    row_level_security,
    unrestricted,
)

TABLE = "audit_checkpoint_cosignature"


class Migration(migrations.Migration):
    dependencies = [("audit", "0007_cosignatures")]
    operations = [
        row_level_security(TABLE),
        unrestricted(TABLE, SEQUENCER),
        append_only(TABLE),
        revoke(TABLE, ["INSERT"]),
        grant(TABLE, ["SELECT", "INSERT"], [SEQUENCER]),
    ]
