"""What is written in a case stays: wordings and acts only grow, of an incident only its case may change.

Django cannot say who may touch which column. An incident moves to another case by a merge or a split, so its old
append-only trigger gives way to one that names every other column; a wording about a person is emptied by erasure, so of
`cases_noteversion` that one column may change. Connections, notes and tasks are updated (ended, moved, done), never deleted.

`cases_found` searches words with the owner's rights: under row-level security PostgreSQL may not use the GIN indexes,
because `@@` is not leakproof. It names the tenant of the transaction itself, and returns ids only. Undone by reversing.
"""

from django.db import migrations

from apps.audit.protection import (
    APP,
    CURRENT_TENANT,
    SERVICE,
    append_only,
    reversed_operation,
    revoke,
    row_level_security,
)


def _only(table: str, changing: str, fixed: list[str]) -> migrations.RunSQL:
    """Refuse DELETE, TRUNCATE and any UPDATE but that of one column."""
    return migrations.RunSQL(
        sql=f"""
            REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {APP}, {SERVICE};
            GRANT UPDATE ({changing}) ON {table} TO {APP}, {SERVICE};
            CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION '{table} only grows: % refused', TG_OP
                    USING ERRCODE = 'restrict_violation';
            END $$;
            CREATE TRIGGER {table}_append_only
                BEFORE UPDATE OF {", ".join(fixed)} OR DELETE OR TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse();
            ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
        """,
        reverse_sql=f"""
            DROP TRIGGER {table}_append_only ON {table};
            DROP FUNCTION {table}_refuse();
            REVOKE UPDATE ({changing}) ON {table} FROM {APP}, {SERVICE};
            GRANT UPDATE, DELETE ON {table} TO {APP}, {SERVICE};
        """,
    )


_INCIDENT = ["id", "tenant_id", "site_id", "alert_id", "disposition_id", "occurred_at", "opened_at"]
_VERSION = ["id", "tenant_id", "note_id", "number", "text", "written_by", "written_at"]
_TABLES = ("alertlink", "caselink", "caseperson", "caseact", "note", "noteversion", "casetask")
_FOUND = f"""
    CREATE FUNCTION cases_found(words text, most integer) RETURNS SETOF uuid
        LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    BEGIN
        RETURN QUERY EXECUTE $query$
            SELECT id FROM (
                (SELECT c.id, c.opened_at FROM cases_case c
                  WHERE c.tenant_id = $3
                    AND to_tsvector('simple'::regconfig, COALESCE(c.title, '')) @@ websearch_to_tsquery('simple', $1)
                  ORDER BY c.opened_at DESC LIMIT $2)
                UNION
                (SELECT c.id, c.opened_at FROM cases_noteversion v
                   JOIN cases_note n ON n.id = v.note_id JOIN cases_case c ON c.id = n.case_id
                  WHERE v.tenant_id = $3
                    AND to_tsvector('simple'::regconfig, COALESCE(v.text, '')) @@ websearch_to_tsquery('simple', $1)
                    AND NOT EXISTS (SELECT 1 FROM cases_noteversion w
                                     WHERE w.note_id = v.note_id AND w.number > v.number)
                  ORDER BY c.opened_at DESC LIMIT $2)
            ) found
        $query$ USING words, most, {CURRENT_TENANT};
    END $$;
    REVOKE ALL ON FUNCTION cases_found(text, integer) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION cases_found(text, integer) TO {APP}, {SERVICE};
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0006_workbench")]
    operations = [
        *[row_level_security(f"cases_{table}") for table in _TABLES],
        append_only("cases_caseact"),
        reversed_operation(append_only("cases_incident")),
        _only("cases_incident", "case_id", _INCIDENT),
        _only("cases_noteversion", "text_sealed", _VERSION),
        *[
            revoke(f"cases_{table}", ["DELETE", "TRUNCATE"])
            for table in ("alertlink", "caselink", "caseperson", "note", "casetask")
        ],
        migrations.RunSQL(sql=_FOUND, reverse_sql="DROP FUNCTION cases_found(text, integer)"),
    ]
