"""Wordings and signatures are written once; a report moves along its table and does not disappear.

A signature is its author's, under a wording of that report: rows of three tables, which a check constraint cannot
compare, so a trigger does. Undone by reversing."""

from django.db import migrations

from apps.audit.protection import append_only, revoke, row_level_security, transition_guard
from apps.triage.states import REPORT

OWN_SIGNATURE = migrations.RunSQL(
    sql="""
        CREATE FUNCTION reports_signature_is_the_authors() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT EXISTS (
                SELECT 1 FROM reports_report r JOIN reports_reportversion v ON v.report_id = r.id
                WHERE r.id = NEW.report_id AND v.id = NEW.version_id
                    AND r.author_id = NEW.user_id AND v.digest = NEW.digest
            ) THEN
                RAISE EXCEPTION 'a report is signed by its author, under a wording of its own'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'signature_is_the_authors';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER reports_signature_is_the_authors BEFORE INSERT ON reports_reportsignature
            FOR EACH ROW EXECUTE FUNCTION reports_signature_is_the_authors();
        ALTER TABLE reports_reportsignature ENABLE ALWAYS TRIGGER reports_signature_is_the_authors;
    """,
    reverse_sql="""
        DROP TRIGGER reports_signature_is_the_authors ON reports_reportsignature;
        DROP FUNCTION reports_signature_is_the_authors();
    """,
)


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_reports")]
    operations = [
        *[row_level_security(f"reports_{t}") for t in ("report", "reportversion", "reportsignature")],
        append_only("reports_reportversion"),
        append_only("reports_reportsignature"),
        revoke("reports_report", ["DELETE", "TRUNCATE"]),
        transition_guard("reports_report", "state", REPORT.transitions, REPORT.initial),
        OWN_SIGNATURE,
    ]
