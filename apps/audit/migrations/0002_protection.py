"""Who may do what with the audit chain, said where nobody can forget it.

Django can describe the tables, not the promise they exist for: that an event, once committed,
stays as it was, and that it lies in one place of one chain. The promise is made of privileges,
policies and triggers:

* The business roles (app, service) put events into the inbox and read; they change nothing, and
  delete nothing, anywhere here. Reasons too are only inserted: their erasure is granted by the
  work that keeps a record of it.
* The sequencer, and only the sequencer, takes events out of the inbox, adds leaves, moves the
  tree and adds checkpoints. It sees all tenants and reads nothing else in the database.
* Leaves, checkpoints and their copies only grow. The trigger says so to every role and stays
  awake under ``session_replication_role = replica``. A table's owner can still switch it off, and
  a superuser can do anything: that is what the hashes, the signatures and the locked bucket are
  for (``manage.py audit_verify``).
* A tenant reads its own chain. Events without a tenant (somebody nobody knows tried to sign in)
  go to the chain of the nil UUID: any transaction may add to it, only the service role reads it.

The inbox is a queue: every row of it dies young. Vacuum therefore goes by a number of dead rows
and not by a share of the table, which is usually empty.

To go back, ``migrate audit 0001``: every step below knows its reverse.
"""

from django.db import migrations

from apps.audit.protection import (
    SEQUENCER,
    append_only,
    grant,
    revoke,
    row_level_security,
    unrestricted,
)

TENANT_TABLES = (
    "audit_inbox",
    "audit_leaf",
    "audit_reason",
    "audit_tree",
    "audit_checkpoint",
    "audit_checkpoint_copy",
)
GROWING = ("audit_leaf", "audit_checkpoint", "audit_checkpoint_copy")
WRITES = ("INSERT", "UPDATE", "DELETE")
CHANGES = ("UPDATE", "DELETE")

WELL_FORMED = migrations.RunSQL(
    sql="""
        ALTER TABLE audit_inbox ADD CONSTRAINT audit_inbox_details CHECK (details IS JSON OBJECT);
        ALTER TABLE audit_leaf ADD CONSTRAINT audit_leaf_hash CHECK (octet_length(leaf_hash) = 32);
    """,
    reverse_sql="""
        ALTER TABLE audit_leaf DROP CONSTRAINT audit_leaf_hash;
        ALTER TABLE audit_inbox DROP CONSTRAINT audit_inbox_details;
    """,
)

NO_TENANT_MAY_BE_ADDED_TO = migrations.RunSQL(
    sql="""
        CREATE POLICY audit_inbox_no_tenant ON audit_inbox FOR INSERT TO second_look_app
            WITH CHECK (tenant_id = '00000000-0000-0000-0000-000000000000');
        CREATE POLICY audit_reason_no_tenant ON audit_reason FOR INSERT TO second_look_app
            WITH CHECK (tenant_id = '00000000-0000-0000-0000-000000000000');
    """,
    reverse_sql="""
        DROP POLICY audit_reason_no_tenant ON audit_reason;
        DROP POLICY audit_inbox_no_tenant ON audit_inbox;
    """,
)

ROWS_OF_THE_INBOX_DIE_YOUNG = migrations.RunSQL(
    sql="""
        ALTER TABLE audit_inbox SET (
            autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
            autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 10000
        )
    """,
    reverse_sql="""
        ALTER TABLE audit_inbox RESET (
            autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold,
            autovacuum_vacuum_insert_scale_factor, autovacuum_vacuum_insert_threshold
        )
    """,
)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_tables")]

    operations = [
        WELL_FORMED,
        *(row_level_security(table) for table in TENANT_TABLES),
        *(unrestricted(table, SEQUENCER) for table in TENANT_TABLES if table != "audit_reason"),
        NO_TENANT_MAY_BE_ADDED_TO,
        *(append_only(table) for table in GROWING),
        *(revoke(table, ["INSERT"]) for table in GROWING),
        revoke("audit_inbox", CHANGES),
        revoke("audit_reason", CHANGES),
        revoke("audit_tree", WRITES),
        revoke("audit_heartbeat", WRITES),
        grant("audit_inbox", ["SELECT", "DELETE"], [SEQUENCER]),
        *(grant(table, ["SELECT", "INSERT"], [SEQUENCER]) for table in GROWING),
        grant("audit_tree", ["SELECT", "INSERT", "UPDATE"], [SEQUENCER]),
        grant("audit_heartbeat", ["SELECT", "INSERT", "UPDATE"], [SEQUENCER]),
        ROWS_OF_THE_INBOX_DIE_YOUNG,
    ]
