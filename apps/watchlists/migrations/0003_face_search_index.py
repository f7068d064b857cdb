"""How a face is looked up among many: an approximate index, and one function that asks it the right way.

Django could say the index, but not how it must be asked. A search is right only with a wide enough beam
(`hnsw.ef_search`), with scanning on when a filter drops what was found (`hnsw.iterative_scan`), and without a plan that
sorts everything; a function carries these settings with it and leaves the session's alone. It runs with the rights of
who calls it, so row-level security decides which rows exist.

The index holds half precision: half the memory to walk through, and nothing lost, because what is found is
ranked again by the exact distance of the full vectors. The sizes are measured in tests/bench/test_face_search.py. Only vectors in use are in it. Backwards: both are dropped, the vectors stay."""

from django.db import migrations

TABLE = "watchlists_faceembedding"

INDEX = f"""
-- Loads the extension, without which its settings are unknown and only a superuser could name them.
SELECT '[1]'::vector;
CREATE INDEX watchlists_face_search ON {TABLE}
    USING hnsw ((vector::halfvec(128)) halfvec_l2_ops) WITH (m = 24, ef_construction = 100)
    WHERE is_active;
"""

FUNCTION = f"""
CREATE FUNCTION watchlists_nearest(
    of_tenant uuid, at_site uuid, of_face vector, at_most integer, beam integer
)
RETURNS TABLE (entry_id uuid, distance double precision)
LANGUAGE plpgsql STABLE
SET hnsw.ef_search = 100
SET hnsw.iterative_scan = 'strict_order'
SET hnsw.max_scan_tuples = 100000
SET enable_sort = off
SET enable_seqscan = off
SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    PERFORM set_config('hnsw.ef_search', beam::text, true); -- ends with the function, like the settings above
    RETURN QUERY
    WITH near AS MATERIALIZED (
        SELECT f.entry_id, f.vector
        FROM {TABLE} f
        WHERE f.is_active AND f.tenant_id = of_tenant AND EXISTS (
            SELECT 1
            FROM watchlists_entrysite s
            JOIN watchlists_watchlistentry e ON e.id = s.entry_id
            WHERE s.entry_id = f.entry_id AND s.site_id = at_site AND e.state = 'active'
        )
        ORDER BY f.vector::halfvec(128) <-> of_face::halfvec(128)
        LIMIT 2 * at_most
    )
    SELECT near.entry_id, near.vector <-> of_face FROM near ORDER BY 2 LIMIT at_most;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("watchlists", "0002_protection")]
    operations = [
        migrations.RunSQL(sql=INDEX, reverse_sql="DROP INDEX watchlists_face_search"),
        migrations.RunSQL(
            sql=FUNCTION,
            reverse_sql="DROP FUNCTION watchlists_nearest(uuid, uuid, vector, integer, integer)",
        ),
    ]
