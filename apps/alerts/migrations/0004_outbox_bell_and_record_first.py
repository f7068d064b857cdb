"""Two promises that only the database can keep for every writer.

A new outbox entry rings a bell (NOTIFY), whoever inserted it, so that the sweeper starts the workflow within milliseconds
of the commit and never before it; without a listener the bell costs nothing and the sweeper's own clock remains.

An alert leaves analysis only when its assessment exists: the record that the audit chain commits to comes before anything
anybody could decide about it. A check constraint cannot look into another table, so a trigger does; it fires only for that
one step. Undone by dropping both; no row changes.
"""

from django.db import migrations, models

BELL = """
    CREATE FUNCTION alerts_outbox_bell() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('second_look_outbox', '');
        RETURN NULL;
    END $$;
    CREATE TRIGGER alerts_outbox_bell AFTER INSERT ON alerts_outboxentry
        FOR EACH STATEMENT EXECUTE FUNCTION alerts_outbox_bell();
"""
NO_BELL = """
    DROP TRIGGER alerts_outbox_bell ON alerts_outboxentry;
    DROP FUNCTION alerts_outbox_bell();
"""
RECORD_FIRST = """
    CREATE FUNCTION alerts_record_first() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (SELECT 1 FROM alerts_assessment WHERE alert_id = NEW.id) THEN
            RAISE EXCEPTION 'alert % has no assessment and may not leave analysis', NEW.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'alerts_record_first';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER alerts_record_first BEFORE UPDATE OF state ON alerts_alert
        FOR EACH ROW WHEN (OLD.state = 'analysing' AND NEW.state <> 'analysing')
        EXECUTE FUNCTION alerts_record_first();
    ALTER TABLE alerts_alert ENABLE ALWAYS TRIGGER alerts_record_first;
"""
NO_RECORD_FIRST = """
    DROP TRIGGER alerts_record_first ON alerts_alert;
    DROP FUNCTION alerts_record_first();
"""


class Migration(migrations.Migration):
    dependencies = [("alerts", "0003_protection")]
    operations = [
        migrations.AddField(
            model_name="outboxentry",
            name="checked_at",
            field=models.DateTimeField(
                blank=True, help_text="When Temporal was last asked whether the run is there.", null=True
            ),
        ),
        migrations.RunSQL(sql=BELL, reverse_sql=NO_BELL),
        migrations.RunSQL(sql=RECORD_FIRST, reverse_sql=NO_RECORD_FIRST),
    ]
