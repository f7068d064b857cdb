"""An executed erasure takes a name out of wordings too, though they only grow.

Notes, acts of a case, titles of exhibits, wordings of reports and comments are written once; original names are among the facts of
evidence. Their triggers let through one change: of one listed column, of the very row that an executed erasure of another person
than asked for it names, while that erasure's own function runs. Digests stay, and no longer fit: what was written is gone, that it was
written is not. The function reaches the texts of notifications and webhooks as well. Undone by reversing; what was erased stays so."""

from django.db import migrations

WORDINGS = {
    "cases_noteversion": "text",
    "cases_caseact": "reason",
    "cases_exhibit": "title",
    "reports_reportversion": "content",
}
RUNNING = "current_setting('second_look.erasure', true) <> ''"


def _replaced(name: str, before: str, after: str) -> migrations.RunSQL:
    """Rewrite one part of a function that stands, and fail when the part is not in it."""

    def change(old: str, new: str) -> str:
        return f"""
            DO $do$
            DECLARE whole text;
            BEGIN
                SELECT pg_get_functiondef(p.oid) INTO STRICT whole FROM pg_proc p
                    WHERE p.proname = '{name}' AND p.pronamespace = 'public'::regnamespace;
                IF strpos(whole, $part${old}$part$) = 0 THEN
                    RAISE EXCEPTION '{name} is not as expected';
                END IF;
                EXECUTE replace(whole, $part${old}$part$, $part${new}$part$);
            END $do$;
        """

    return migrations.RunSQL(sql=change(before, after), reverse_sql=change(after, before))


NAMED = migrations.RunSQL(
    sql="""
        CREATE FUNCTION subject_requests_names(tab text, col text, pk text) RETURNS boolean
        LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
            SELECT EXISTS (
                SELECT 1 FROM subject_requests_erasureitem i
                JOIN subject_requests_erasure e ON e.id = i.erasure_id
                WHERE e.id::text = current_setting('second_look.erasure', true)
                    AND e.executed_at IS NOT NULL AND e.executed_by <> e.asked_by
                    AND i.kind = 'mention' AND i.done_at IS NULL
                    AND i.object_id = tab || '.' || col || '.' || pk
            )
        $$;
        CREATE FUNCTION subject_requests_name_lost_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF coalesce(current_setting('second_look.erasure', true), '') = ''
                OR (to_jsonb(NEW) - TG_ARGV[0] = to_jsonb(OLD) - TG_ARGV[0]
                    AND subject_requests_names(TG_TABLE_NAME::text, TG_ARGV[0], OLD.id::text)) THEN
                RETURN NEW;  -- outside of an erasure the table's own triggers judge
            END IF;
            RAISE EXCEPTION '% only grows: UPDATE refused', TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation';
        END $$;
    """,
    reverse_sql="""
        DROP FUNCTION subject_requests_name_lost_only();
        DROP FUNCTION subject_requests_names(text, text, text);
    """,
)


def _lets_a_name_go(table: str, column: str) -> list[migrations.RunSQL]:
    raising = f"RAISE EXCEPTION '{table} only grows: % refused', TG_OP"
    waiting = f"IF TG_OP = 'UPDATE' AND {RUNNING} THEN RETURN NULL; END IF; {raising}"
    trigger = f"{table}_name_lost_only"
    return [
        _replaced(f"{table}_refuse", raising, waiting),
        migrations.RunSQL(
            sql=f"""
                CREATE TRIGGER {trigger} BEFORE UPDATE ON {table}
                    FOR EACH ROW EXECUTE FUNCTION subject_requests_name_lost_only('{column}');
                ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger};
            """,
            reverse_sql=f"DROP TRIGGER {trigger} ON {table}",
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("subject_requests", "0003_replace_name"),
        ("cases", "0007_workbench_protection"),
        ("evidence", "0005_retention_protection"),
        ("reports", "0002_protection"),
    ]
    operations = [
        NAMED,
        *[
            operation
            for table, column in WORDINGS.items()
            for operation in _lets_a_name_go(table, column)
        ],
        _replaced(
            "alerts_disposition_emptied_only",
            "IF NEW.comment = '' AND",
            "IF to_jsonb(NEW) - 'comment' = to_jsonb(OLD) - 'comment'\n"
            "                AND subject_requests_names('alerts_disposition', 'comment', OLD.id::text)\n"
            "            THEN\n                RETURN NEW;\n            END IF;\n"
            "            IF NEW.comment = '' AND",
        ),
        _replaced(
            "evidence_item_facts",
            "NEW.size_bytes, NEW.sha256, NEW.original_name, NEW.acquired_at",
            "NEW.size_bytes, NEW.sha256, CASE WHEN current_setting('second_look.erasure', true) <> ''"
            " AND subject_requests_names('evidence_evidenceitem',"
            " 'original_name', OLD.id::text) THEN OLD.original_name ELSE NEW.original_name END,"
            " NEW.acquired_at",
        ),
        _replaced(
            "subject_requests_replace_name",
            "evidence|reports|oversight|sites|console)_",
            "evidence|reports|oversight|sites|console|notifications|webhooks)_",
        ),
        _replaced(
            "subject_requests_replace_name",
            "EXECUTE format(\n                'UPDATE %I SET",
            "PERFORM set_config('second_look.erasure', wanted::text, true);\n"
            "            EXECUTE format(\n                'UPDATE %I SET",
        ),
        _replaced(
            "subject_requests_replace_name",
            "GET DIAGNOSTICS changed = ROW_COUNT;",
            "GET DIAGNOSTICS changed = ROW_COUNT;\n"
            "            PERFORM set_config('second_look.erasure', '', true);",
        ),
    ]
