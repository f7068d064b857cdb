"""A wording of a note on an alert changes in two ways, both part of an executed erasure: it is emptied, or loses a name.

Privileges let the application change the column `text`, because erasing needs it; they cannot say when. So a trigger looks for the
executed erasure, asked for and carried out by two people, that names the alert (the words become empty) or this very wording (a name is
taken out by the erasure's own function). Everything else is refused to every role, deleting included. Undone by reversing."""

from django.db import migrations

EMPTIED_ONLY = migrations.RunSQL(
    sql="""
        CREATE FUNCTION reviews_alertnote_emptied_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF to_jsonb(NEW) - 'text' = to_jsonb(OLD) - 'text' AND (
                subject_requests_names('reviews_alertnote', 'text', OLD.id::text)
                OR NEW.text = '' AND EXISTS (
                    SELECT 1 FROM subject_requests_erasureitem i
                    JOIN subject_requests_erasure e ON e.id = i.erasure_id
                    WHERE e.executed_at IS NOT NULL AND e.executed_by <> e.asked_by
                        AND i.kind = 'alert' AND i.object_id = OLD.alert_id::text
                )
            ) THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'reviews_alertnote only grows: UPDATE refused'
                USING ERRCODE = 'restrict_violation';
        END $$;
        CREATE TRIGGER reviews_alertnote_emptied_only BEFORE UPDATE ON reviews_alertnote
            FOR EACH ROW EXECUTE FUNCTION reviews_alertnote_emptied_only();
        ALTER TABLE reviews_alertnote ENABLE ALWAYS TRIGGER reviews_alertnote_emptied_only;
        CREATE FUNCTION reviews_alertnote_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'reviews_alertnote only grows: % refused', TG_OP
                USING ERRCODE = 'restrict_violation';
        END $$;
        CREATE TRIGGER reviews_alertnote_append_only BEFORE DELETE OR TRUNCATE ON reviews_alertnote
            FOR EACH STATEMENT EXECUTE FUNCTION reviews_alertnote_refuse();
        ALTER TABLE reviews_alertnote ENABLE ALWAYS TRIGGER reviews_alertnote_append_only;
    """,
    reverse_sql="""
        DROP TRIGGER reviews_alertnote_append_only ON reviews_alertnote;
        DROP FUNCTION reviews_alertnote_refuse();
        DROP TRIGGER reviews_alertnote_emptied_only ON reviews_alertnote;
        DROP FUNCTION reviews_alertnote_emptied_only();
    """,
)


class Migration(migrations.Migration):
    dependencies = [
        ("subject_requests", "0007_other_requests"),
        ("reviews", "0015_alert_notes_protection"),
    ]
    operations = [EMPTIED_ONLY]
