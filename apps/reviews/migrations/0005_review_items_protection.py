"""Who sees items, which way an item goes, and what may be one happening with an alert.

`reviews_neighbours` first takes the site's lock for the rest of the transaction and then looks: of two alerts of one
person that are routed at the same moment the second waits for the first and sees it. Being VOLATILE, a function reads
with a new snapshot after the lock, which one plain statement would not; and it costs one round trip where nothing is near.
It runs with the caller's rights, so row-level security holds inside it. Undone by reversing."""

from django.db import migrations

from apps.audit.protection import revoke, row_level_security, transition_guard
from apps.triage.states import ITEM

NEIGHBOURS = """
CREATE FUNCTION reviews_neighbours(p_alert uuid, p_site uuid, p_gap interval, p_longest interval)
RETURNS TABLE (
    alert_id uuid, camera_id uuid, starts_at timestamptz, ends_at timestamptz,
    priority double precision, item_id uuid
)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    IF EXISTS (
        SELECT 1 FROM alerts_alert a JOIN sites_camera c ON c.id = a.camera_id
        WHERE a.id = p_alert AND a.clock_skew_flagged AND c.clock_offset_seconds = 0
    ) THEN
        RETURN;  -- its camera's clock cannot be believed, so nobody knows what was at the same time
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('review item/' || p_site, 0));
    RETURN QUERY
    WITH mine AS (
        SELECT a.camera_id, a.is_drill,
            a.camera_at - make_interval(secs => c.clock_offset_seconds) AS starts,
            a.camera_at - make_interval(secs => c.clock_offset_seconds)
                + make_interval(secs => coalesce(k.marked_to_ms - k.marked_from_ms, 0) / 1000.0) AS ends
        FROM alerts_alert a
        JOIN sites_camera c ON c.id = a.camera_id
        LEFT JOIN alerts_clip k ON k.alert_id = a.id
        WHERE a.id = p_alert
    ), cameras AS (
        SELECT c.id, c.clock_offset_seconds, make_interval(secs => c.clock_offset_seconds) AS clock
        FROM mine JOIN sites_camera c ON c.site_id = p_site
        WHERE c.id = mine.camera_id OR EXISTS (
            SELECT 1 FROM sites_cameralink l
            WHERE (l.first_id = c.id AND l.second_id = mine.camera_id)
                OR (l.second_id = c.id AND l.first_id = mine.camera_id)
        )
    ), near AS (
        SELECT a.id, a.camera_id, a.camera_at - cameras.clock AS starts,
            a.camera_at - cameras.clock
                + make_interval(secs => coalesce(k.marked_to_ms - k.marked_from_ms, 0) / 1000.0) AS ends,
            a.priority, m.item_id
        FROM mine
        CROSS JOIN cameras
        JOIN alerts_alert a ON a.camera_id = cameras.id AND a.state = 'awaiting_review'
            AND a.camera_at BETWEEN mine.starts - p_gap - p_longest + cameras.clock
                AND mine.ends + p_gap + cameras.clock
        JOIN reviews_humantask t ON t.alert_id = a.id AND t.state = 'open'
        LEFT JOIN alerts_clip k ON k.alert_id = a.id
        LEFT JOIN reviews_itemmember m ON m.alert_id = a.id
        WHERE t.kind = 'review' AND t.required_confirmations = 1
            AND NOT a.sampled_blind AND a.is_drill = mine.is_drill AND m.split_at IS NULL
            AND (NOT a.clock_skew_flagged OR cameras.clock_offset_seconds <> 0)
    ), linked AS (
        SELECT near.* FROM near, mine
        WHERE near.ends >= mine.starts - p_gap AND near.starts <= mine.ends + p_gap
    )
    SELECT linked.id, linked.camera_id, linked.starts, linked.ends, linked.priority, linked.item_id
    FROM linked
    UNION
    SELECT a.id, a.camera_id, m.starts_at, m.ends_at, a.priority, m.item_id
    FROM reviews_itemmember m JOIN alerts_alert a ON a.id = m.alert_id
    WHERE m.split_at IS NULL AND m.item_id IN (SELECT linked.item_id FROM linked)
        AND m.alert_id NOT IN (SELECT linked.id FROM linked);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0004_review_items"),
        ("sites", "0004_camera_links_protection"),
    ]
    operations = [
        *[row_level_security(table) for table in ("reviews_reviewitem", "reviews_itemmember")],
        *[revoke(table, ["DELETE", "TRUNCATE"]) for table in ("reviews_reviewitem", "reviews_itemmember")],
        transition_guard("reviews_reviewitem", "state", ITEM.transitions, ITEM.initial),
        migrations.RunSQL(
            sql=NEIGHBOURS,
            reverse_sql="DROP FUNCTION reviews_neighbours(uuid, uuid, interval, interval)",
        ),
    ]
