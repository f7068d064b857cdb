"""An erasure reaches a name in any text, also in one that the application may not edit.

Some reasons and notes are written once by privilege (a reveal's reason, a closed note). The same condition holds as for comments:
an executed erasure that lists the very row. Tables that only grow by trigger still refuse; the function then says so by failing,
and nothing of the erasure happens. Set-up, accounts and the chain are out of its reach. Undone by reversing."""

from django.db import migrations

REPLACE_NAME = migrations.RunSQL(
    sql=r"""
        CREATE FUNCTION subject_requests_replace_name(wanted uuid, item uuid, name text, instead text)
        RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            place text; tab text; col text; pk text; kind text; keycol text; pattern text; changed bigint;
        BEGIN
            SELECT i.object_id INTO place FROM subject_requests_erasureitem i
                JOIN subject_requests_erasure e ON e.id = i.erasure_id
                WHERE e.id = wanted AND i.id = item AND i.kind = 'mention' AND i.done_at IS NULL
                    AND e.executed_at IS NOT NULL AND e.executed_by <> e.asked_by
                    AND e.tenant_id = nullif(current_setting('second_look.tenant', true), '')::uuid;
            IF place IS NULL OR name = '' THEN
                RETURN 0;
            END IF;
            tab := split_part(place, '.', 1); col := split_part(place, '.', 2);
            pk := substr(place, length(tab) + length(col) + 3);
            IF tab !~ '^(alerts|reviews|cases|watchlists|evidence|reports|oversight|sites|console)_' THEN
                RAISE EXCEPTION '% is out of reach', tab USING ERRCODE = 'restrict_violation';
            END IF;
            SELECT format_type(a.atttypid, a.atttypmod) INTO STRICT kind FROM pg_attribute a
                WHERE a.attrelid = tab::regclass AND a.attname = col AND a.attnum > 0;
            SELECT a.attname INTO STRICT keycol FROM pg_index x
                JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0]
                WHERE x.indrelid = tab::regclass AND x.indisprimary;
            pattern := regexp_replace(name, '([^[:alnum:][:space:]_])', '\\\1', 'g');
            EXECUTE format('SELECT count(*) FROM %I WHERE %I::text = $1 AND %I::text ~* $2', tab, keycol, col)
                INTO changed USING pk, pattern;
            IF changed = 0 THEN
                RETURN 0;  -- something else of the erasure has emptied it already
            END IF;
            EXECUTE format(
                'UPDATE %I SET %I = regexp_replace(%I::text, $1, $2, ''gi'')::%s '
                'WHERE %I::text = $3 AND tenant_id = nullif(current_setting(''second_look.tenant'', true), '''')::uuid',
                tab, col, col, kind, keycol
            ) USING pattern, instead, pk;
            GET DIAGNOSTICS changed = ROW_COUNT;
            RETURN changed;
        END $$;
        REVOKE ALL ON FUNCTION subject_requests_replace_name(uuid, uuid, text, text) FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION subject_requests_replace_name(uuid, uuid, text, text)
            TO second_look_app, second_look_service;
    """,
    reverse_sql="DROP FUNCTION subject_requests_replace_name(uuid, uuid, text, text);",
)


class Migration(migrations.Migration):
    dependencies = [("subject_requests", "0002_protection")]
    operations = [REPLACE_NAME]
