"""What the watchlist promises whatever code asks, because people's faces hang on it.

- Rows of a tenant are seen in its own scope only; gate versions and confirmations are written once.
- An entry comes into force, and its end or review moves later, only with the confirmation of somebody else for exactly the
  version it had. So time, a workflow and a single person cannot do it.
- A face vector exists only for an entry in force.
- A sighting exists only when two people judged "same" apart; judgements, leads and sightings are deleted only by erasure.

Django's constraints look at one row; these look at two tables, so they are triggers. Undone by reversing; the rows stay."""

from django.db import migrations

from apps.audit.protection import append_only, revoke, row_level_security, transition_guard
from apps.triage.states import ENTRY, LEAD, OUTBOX

TABLES = (
    "legalgate", "watchlistentry", "entrysite", "entryname", "entryrenewal", "entryconfirmation", "entryobjection",
    "entryrun", "entryimage", "faceembedding", "sightinglead", "leadjudgement", "sighting", "discardedobject",
)
NEVER_DELETED = ("watchlistentry", "entryrenewal", "entryobjection", "entryrun")
NEVER_EDITED = ("leadjudgement", "sighting")
ERASABLE = ("entrysite", "entryname", "entryimage", "faceembedding", "sightinglead", "discardedobject")

IN_FORCE = """
CREATE FUNCTION watchlists_in_force() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (
        (NEW.state = 'active' AND OLD.state <> 'active')
        OR coalesce(NEW.expires_at > OLD.expires_at, NEW.expires_at IS NOT NULL)
        OR coalesce(NEW.review_due_at > OLD.review_due_at, NEW.review_due_at IS NOT NULL)
    ) THEN
        RETURN NEW;
    END IF;
    IF EXISTS (
        SELECT 1 FROM watchlists_entryconfirmation c
        LEFT JOIN watchlists_entryrenewal r ON r.id = c.renewal_id AND r.entry_id = c.entry_id
        WHERE c.entry_id = NEW.id AND c.object_version = OLD.version AND c.user_id = NEW.approved_by
            AND (
                (c.act = 'approve' AND c.proposed_by = NEW.proposed_by AND c.user_id <> NEW.proposed_by)
                OR (c.act = 'renew' AND c.proposed_by = r.proposed_by AND c.user_id <> r.proposed_by)
            )
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'an entry is put in force by the confirmation of another person for this version'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'watchlists_in_force';
END $$;
CREATE TRIGGER watchlists_in_force BEFORE UPDATE ON watchlists_watchlistentry
    FOR EACH ROW EXECUTE FUNCTION watchlists_in_force();
ALTER TABLE watchlists_watchlistentry ENABLE ALWAYS TRIGGER watchlists_in_force;
"""
NOT_IN_FORCE = """
DROP TRIGGER watchlists_in_force ON watchlists_watchlistentry;
DROP FUNCTION watchlists_in_force();
"""

VECTORS = """
CREATE FUNCTION watchlists_vector_in_force() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM watchlists_watchlistentry e WHERE e.id = NEW.entry_id AND e.state = 'active')
        OR (TG_OP = 'UPDATE' AND NOT NEW.is_active)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a face vector belongs to an entry in force'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'watchlists_vector_in_force';
END $$;
CREATE TRIGGER watchlists_vector_in_force BEFORE INSERT OR UPDATE ON watchlists_faceembedding
    FOR EACH ROW EXECUTE FUNCTION watchlists_vector_in_force();
ALTER TABLE watchlists_faceembedding ENABLE ALWAYS TRIGGER watchlists_vector_in_force;
"""
NO_VECTORS = """
DROP TRIGGER watchlists_vector_in_force ON watchlists_faceembedding;
DROP FUNCTION watchlists_vector_in_force();
"""

SIGHTINGS = """
CREATE FUNCTION watchlists_two_people() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM watchlists_leadjudgement one
        JOIN watchlists_leadjudgement two ON two.lead_id = one.lead_id AND two.user_id <> one.user_id
        JOIN watchlists_sightinglead lead ON lead.id = one.lead_id
        WHERE one.lead_id = NEW.lead_id AND one.answer = 'same' AND two.answer = 'same'
            AND one.user_id = NEW.first_by AND two.user_id = NEW.second_by
            AND lead.entry_id = NEW.entry_id AND lead.alert_id = NEW.alert_id
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a sighting needs two people who said the same person'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'watchlists_two_people';
END $$;
CREATE TRIGGER watchlists_two_people BEFORE INSERT ON watchlists_sighting
    FOR EACH ROW EXECUTE FUNCTION watchlists_two_people();
ALTER TABLE watchlists_sighting ENABLE ALWAYS TRIGGER watchlists_two_people;
"""
NO_SIGHTINGS = """
DROP TRIGGER watchlists_two_people ON watchlists_sighting;
DROP FUNCTION watchlists_two_people();
"""

ERASURE = """
CREATE FUNCTION watchlists_erasure_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry uuid := NULL;
BEGIN
    IF TG_TABLE_NAME = 'watchlists_leadjudgement' THEN
        SELECT l.entry_id INTO entry FROM watchlists_sightinglead l WHERE l.id = OLD.lead_id;
    ELSE
        entry := OLD.entry_id;
    END IF;
    IF EXISTS (SELECT 1 FROM watchlists_watchlistentry e WHERE e.id = entry AND e.erased_at IS NOT NULL) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is deleted by erasing its entry only', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'watchlists_erasure_only';
END $$;
"""
NO_ERASURE = "DROP FUNCTION watchlists_erasure_only();"


def _deleted_by_erasure_only(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        sql=f"""
            CREATE TRIGGER watchlists_erasure_only BEFORE DELETE ON {table}
                FOR EACH ROW EXECUTE FUNCTION watchlists_erasure_only();
            ALTER TABLE {table} ENABLE ALWAYS TRIGGER watchlists_erasure_only;
        """,
        reverse_sql=f"DROP TRIGGER watchlists_erasure_only ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [("watchlists", "0001_initial")]
    operations = [
        *(row_level_security(f"watchlists_{table}") for table in TABLES),
        append_only("watchlists_legalgate"),
        append_only("watchlists_entryconfirmation"),
        *(revoke(f"watchlists_{table}", ["DELETE", "TRUNCATE"]) for table in NEVER_DELETED),
        *(revoke(f"watchlists_{table}", ["UPDATE", "TRUNCATE"]) for table in NEVER_EDITED),
        *(revoke(f"watchlists_{table}", ["TRUNCATE"]) for table in ERASABLE),
        transition_guard("watchlists_watchlistentry", "state", ENTRY.transitions, ENTRY.initial),
        transition_guard("watchlists_sightinglead", "state", LEAD.transitions, LEAD.initial),
        transition_guard("watchlists_entryrun", "state", OUTBOX.transitions, OUTBOX.initial),
        migrations.RunSQL(sql=IN_FORCE, reverse_sql=NOT_IN_FORCE),
        migrations.RunSQL(sql=VECTORS, reverse_sql=NO_VECTORS),
        migrations.RunSQL(sql=SIGHTINGS, reverse_sql=NO_SIGHTINGS),
        migrations.RunSQL(sql=ERASURE, reverse_sql=NO_ERASURE),
        *(
            _deleted_by_erasure_only(f"watchlists_{table}")
            for table in ("sightinglead", "leadjudgement", "sighting")
        ),
    ]
