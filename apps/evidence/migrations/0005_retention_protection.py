"""What evidence is does not change, holds end by a person only, periods and tombstones are written once.

Constraints say what a row may hold, not what may become of it: the trigger below refuses to change an item's identity, its
place and its digests (an unknown SHA-512 may become known, a lock may grow longer). A run's report stays. Recordings are
deleted by the service role alone. Undone by reversing.
"""

from django.db import migrations

from apps.audit.protection import (
    APP,
    SERVICE,
    append_only,
    grant,
    revoke,
    row_level_security,
    transition_guard,
)
from apps.triage.states import EVIDENCE, HOLD, RETENTION

_TABLES = (
    *("evidence_hold", "evidence_retentionrules", "evidence_retentionperiod"),
    *("evidence_retentionrun", "evidence_retentionfinding", "evidence_tombstone"),
)

FACTS_STAY = migrations.RunSQL(
    sql="""
        CREATE FUNCTION evidence_item_facts() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF (NEW.id, NEW.tenant_id, NEW.alert_id, NEW.kind, NEW.bucket, NEW.key, NEW.version_id,
                    NEW.size_bytes, NEW.sha256, NEW.original_name, NEW.acquired_at)
                    IS DISTINCT FROM
                (OLD.id, OLD.tenant_id, OLD.alert_id, OLD.kind, OLD.bucket, OLD.key, OLD.version_id,
                    OLD.size_bytes, OLD.sha256, OLD.original_name, OLD.acquired_at)
                    OR (OLD.sha512 <> '' AND NEW.sha512 <> OLD.sha512)
                    OR (OLD.derived_from_id IS NOT NULL
                        AND NEW.derived_from_id IS DISTINCT FROM OLD.derived_from_id)
                    OR (OLD.retain_until IS NOT NULL
                        AND (NEW.retain_until IS NULL OR NEW.retain_until < OLD.retain_until)) THEN
                RAISE EXCEPTION 'evidence % keeps its place and its digests', OLD.id
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'evidence_item_facts';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER evidence_item_facts BEFORE UPDATE ON evidence_evidenceitem
            FOR EACH ROW EXECUTE FUNCTION evidence_item_facts();
        ALTER TABLE evidence_evidenceitem ENABLE ALWAYS TRIGGER evidence_item_facts;
    """,
    reverse_sql="""
        DROP TRIGGER evidence_item_facts ON evidence_evidenceitem;
        DROP FUNCTION evidence_item_facts();
    """,
)


class Migration(migrations.Migration):
    dependencies = [
        ("evidence", "0004_holds_and_retention"),
        ("sites", "0006_recordings_protection"),
    ]
    operations = [
        *[row_level_security(table) for table in _TABLES],
        append_only("evidence_tombstone"),
        append_only("evidence_retentionperiod"),
        append_only("evidence_retentionfinding"),
        *[
            revoke(table, ["DELETE", "TRUNCATE"])
            for table in ("evidence_hold", "evidence_retentionrules", "evidence_retentionrun")
        ],
        revoke("evidence_evidenceitem", ["DELETE", "TRUNCATE"], [SERVICE]),
        revoke("evidence_tombstone", ["INSERT"], [APP]),
        revoke("evidence_retentionrun", ["INSERT", "UPDATE"], [APP]),
        revoke("evidence_retentionfinding", ["INSERT"], [APP]),
        grant("sites_recording", ["DELETE"], [SERVICE]),
        FACTS_STAY,
        transition_guard("evidence_evidenceitem", "state", EVIDENCE.transitions, EVIDENCE.initial),
        transition_guard("evidence_hold", "state", HOLD.transitions, HOLD.initial),
        transition_guard(
            "evidence_retentionrules", "state", RETENTION.transitions, RETENTION.initial
        ),
    ]
