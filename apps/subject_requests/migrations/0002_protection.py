"""Two people for what cannot be taken back, and words that an erasure, and nothing else, may take away.

Dispositions only grow and reasons of the audit trail are never changed: their triggers and privileges say so. A person's right to
erasure reaches the free text in both. So the comment of a disposition may become empty, and a reason may go, through one
function alone, which belongs to the tables' owner and looks for an executed erasure that names the row. The row that says who
decided what, and when, stays, and the chain holds commitments only. Undone by reversing; what was erased does not come back."""

from django.db import migrations

from apps.audit.protection import revoke, row_level_security, transition_guard
from apps.triage.states import SUBJECT_REQUEST

TABLES = (
    "subjectrequest",
    "finding",
    "disclosurepackage",
    "erasure",
    "erasureitem",
    "recipientnotice",
)

COMMENTS_MAY_BECOME_EMPTY = migrations.RunSQL(
    sql="""
        CREATE OR REPLACE FUNCTION alerts_disposition_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND current_setting('second_look.erasure', true) <> '' THEN
                RETURN NULL;  -- judged row by row, below
            END IF;
            RAISE EXCEPTION 'alerts_disposition only grows: % refused', TG_OP
                USING ERRCODE = 'restrict_violation';
        END $$;
        CREATE FUNCTION alerts_disposition_emptied_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.comment = '' AND to_jsonb(NEW) - 'comment' = to_jsonb(OLD) - 'comment'
                AND EXISTS (
                    SELECT 1 FROM subject_requests_erasureitem i
                    JOIN subject_requests_erasure e ON e.id = i.erasure_id
                    WHERE e.id::text = current_setting('second_look.erasure', true)
                        AND e.executed_at IS NOT NULL AND e.executed_by <> e.asked_by
                        AND i.kind = 'alert' AND i.object_id = OLD.alert_id::text
                )
            THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'alerts_disposition only grows: UPDATE refused'
                USING ERRCODE = 'restrict_violation';
        END $$;
        CREATE TRIGGER alerts_disposition_emptied_only BEFORE UPDATE ON alerts_disposition
            FOR EACH ROW EXECUTE FUNCTION alerts_disposition_emptied_only();
        ALTER TABLE alerts_disposition ENABLE ALWAYS TRIGGER alerts_disposition_emptied_only;
    """,
    reverse_sql="""
        DROP TRIGGER alerts_disposition_emptied_only ON alerts_disposition;
        DROP FUNCTION alerts_disposition_emptied_only();
        CREATE OR REPLACE FUNCTION alerts_disposition_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'alerts_disposition only grows: % refused', TG_OP
                USING ERRCODE = 'restrict_violation';
        END $$;
    """,
)

ERASE_WORDS = migrations.RunSQL(
    sql="""
        CREATE FUNCTION subject_requests_erase_words(wanted uuid)
        RETURNS TABLE (comments bigint, reasons bigint)
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            of_tenant uuid;
        BEGIN
            SELECT e.tenant_id INTO of_tenant FROM subject_requests_erasure e
                WHERE e.id = wanted AND e.executed_at IS NOT NULL AND e.executed_by <> e.asked_by
                    AND e.tenant_id = nullif(current_setting('second_look.tenant', true), '')::uuid;
            IF of_tenant IS NULL THEN
                RAISE EXCEPTION 'no executed erasure of this tenant' USING ERRCODE = 'restrict_violation';
            END IF;
            PERFORM set_config('second_look.erasure', wanted::text, true);
            UPDATE alerts_disposition d SET comment = '' WHERE d.tenant_id = of_tenant AND d.comment <> ''
                AND EXISTS (SELECT 1 FROM subject_requests_erasureitem i
                    WHERE i.erasure_id = wanted AND i.kind = 'alert' AND i.object_id = d.alert_id::text);
            GET DIAGNOSTICS comments = ROW_COUNT;
            PERFORM set_config('second_look.erasure', '', true);
            DELETE FROM audit_reason r WHERE r.tenant_id = of_tenant
                AND EXISTS (SELECT 1 FROM subject_requests_erasureitem i
                    WHERE i.erasure_id = wanted AND i.kind = 'audit_reason'
                        AND i.object_id = r.event_id::text);
            GET DIAGNOSTICS reasons = ROW_COUNT;
            RETURN NEXT;
        END $$;
        REVOKE ALL ON FUNCTION subject_requests_erase_words(uuid) FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION subject_requests_erase_words(uuid)
            TO second_look_app, second_look_service;
    """,
    reverse_sql="DROP FUNCTION subject_requests_erase_words(uuid);",
)

ERASURES_STAY = migrations.RunSQL(
    sql="""
        CREATE FUNCTION subject_requests_erasure_kept() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                IF NEW.executed_at IS NULL THEN RETURN NEW; END IF;
            ELSIF NEW.id = OLD.id AND NEW.tenant_id = OLD.tenant_id AND NEW.request_id = OLD.request_id
                    AND NEW.person_id = OLD.person_id AND NEW.asked_by = OLD.asked_by
                    AND (OLD.executed_at IS NULL OR (NEW.executed_at = OLD.executed_at
                        AND NEW.executed_by = OLD.executed_by)) THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'an erasure is asked for first, and does not change hands'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'subject_requests_erasure_kept';
        END $$;
        CREATE TRIGGER subject_requests_erasure_kept BEFORE INSERT OR UPDATE ON subject_requests_erasure
            FOR EACH ROW EXECUTE FUNCTION subject_requests_erasure_kept();
        ALTER TABLE subject_requests_erasure ENABLE ALWAYS TRIGGER subject_requests_erasure_kept;
    """,
    reverse_sql="""
        DROP TRIGGER subject_requests_erasure_kept ON subject_requests_erasure;
        DROP FUNCTION subject_requests_erasure_kept();
    """,
)


class Migration(migrations.Migration):
    dependencies = [
        ("subject_requests", "0001_subject_requests"),
        ("alerts", "0003_protection"),
        ("audit", "0002_protection"),
    ]
    operations = [
        *(row_level_security(f"subject_requests_{table}") for table in TABLES),
        *(
            revoke(f"subject_requests_{table}", ["DELETE", "TRUNCATE"])
            for table in TABLES
            if table not in ("erasureitem", "erasure")
        ),
        transition_guard(
            "subject_requests_subjectrequest",
            "state",
            SUBJECT_REQUEST.transitions,
            SUBJECT_REQUEST.initial,
        ),
        ERASURES_STAY,
        COMMENTS_MAY_BECOME_EMPTY,
        ERASE_WORDS,
    ]
