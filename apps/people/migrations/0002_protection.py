"""An erased person stays erased, and a key is never exchanged for another.

Django has no words for "this column may only become empty". A key that could be overwritten would make everything sealed under
it unreadable without an erasure that says so, and one that could come back from a copy would undo an erasure. Rows are not
deleted: ids in the audit chain lead to them. Undone by reversing."""

from django.db import migrations

from apps.audit.protection import revoke, row_level_security

_KEPT = migrations.RunSQL(
    sql="""
        CREATE FUNCTION people_person_kept() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.erased_at IS NOT NULL THEN
                RAISE EXCEPTION 'people_person: an erased person stays erased'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'people_person_kept';
            END IF;
            IF NEW.id <> OLD.id OR NEW.tenant_id <> OLD.tenant_id
                    OR (NEW.key_sealed IS NOT NULL AND NEW.key_sealed <> OLD.key_sealed) THEN
                RAISE EXCEPTION 'people_person: id, tenant and key do not change'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'people_person_kept';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER people_person_kept BEFORE UPDATE ON people_person
            FOR EACH ROW EXECUTE FUNCTION people_person_kept();
        ALTER TABLE people_person ENABLE ALWAYS TRIGGER people_person_kept;
    """,
    reverse_sql="DROP TRIGGER people_person_kept ON people_person; DROP FUNCTION people_person_kept();",
)


class Migration(migrations.Migration):
    dependencies = [("people", "0001_people")]
    operations = [
        row_level_security("people_person"),
        revoke("people_person", ["DELETE", "TRUNCATE"]),
        _KEPT,
    ]
