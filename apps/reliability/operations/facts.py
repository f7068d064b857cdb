"""Alerts as facts to learn from: what triage concluded of each, and the verdict that stands.

One statement gathers whatever changed since the last time. A fact remembers the assessment and the
disposition it was made from, so that what changed is found by comparing, not by a clock: nothing
committed late is ever missed, and running twice changes nothing.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

_EVIDENTIAL: Final = "'measured', 'stated_by_detector'"

# The latest assessment and the standing verdict of every alert; of a correction, the correction.
# Of a review item only the alert that leads it counts: the others were not looked at on their own.
_CHANGED: Final = """
    WITH latest AS (
        SELECT DISTINCT ON (alert_id) alert_id, id
        FROM alerts_assessment WHERE tenant_id = %(tenant)s
        ORDER BY alert_id, created_at DESC, id
    ), standing AS (
        SELECT said.alert_id, said.id, said.verdict, said.decided_at, said.sampling_probability
        FROM alerts_disposition said
        LEFT JOIN alerts_disposition later ON later.supersedes_id = said.id
        WHERE said.tenant_id = %(tenant)s AND later.id IS NULL
    ), beside AS (
        SELECT member.alert_id FROM reviews_itemmember member
        JOIN reviews_reviewitem item ON item.id = member.item_id
        WHERE member.tenant_id = %(tenant)s AND member.split_at IS NULL
            AND item.lead_id <> member.alert_id AND item.state <> 'dissolved'
    ), changed AS (
        SELECT latest.alert_id, latest.id AS assessment_id, standing.id AS disposition_id,
            standing.verdict, standing.decided_at, standing.sampling_probability,
            beside.alert_id IS NOT NULL AS is_duplicate
        FROM latest
        LEFT JOIN standing USING (alert_id)
        LEFT JOIN beside USING (alert_id)
        LEFT JOIN reliability_alertfact known ON known.alert_id = latest.alert_id
        WHERE known.id IS NULL
            OR known.assessment_id IS DISTINCT FROM latest.id
            OR known.disposition_id IS DISTINCT FROM standing.id
            OR known.is_duplicate <> (beside.alert_id IS NOT NULL)
        ORDER BY latest.alert_id
        LIMIT %(batch)s
    )
"""
# Of each signal name the largest value with evidential weight: what the pure functions read too.
_SIGNALS: Final = f"""
    SELECT coalesce(jsonb_object_agg(strongest.name, strongest.value), '{{}}'::jsonb) AS signals
    FROM (
        SELECT one ->> 'name' AS name, max((one ->> 'value')::float8) AS value
        FROM jsonb_array_elements(inputs -> 'signals') one
        WHERE one -> 'validity' ->> 'state' IN ({_EVIDENTIAL}) AND one ->> 'value' IS NOT NULL
        GROUP BY one ->> 'name'
    ) strongest
"""  # noqa: S608 - only constants of this module are part of the text
_GATHER: Final = f"""
    {_CHANGED}
    INSERT INTO reliability_alertfact AS fact (
        id, tenant_id, origin, alert_id, external_id, is_drill, is_duplicate, happened_at,
        site_id, camera_id, detector_id, detector_version, label, score, signals,
        zone_kind, lighting, daypart, weekday, crowding,
        sequence, reliability, fairness, has_viewable_clip, probability, low, high, is_calibrated,
        minute_shadow_price, outcome, assessment_id, disposition_id,
        verdict, labelled_at, sampling_probability
    )
    SELECT gen_random_uuid(), alert.tenant_id, 'alert', alert.id, '', alert.is_drill, changed.is_duplicate,
        alert.received_at, alert.site_id, alert.camera_id, alert.detector_id,
        alert.detector_version, alert.label, alert.score, told.signals,
        segment ->> 'zone_kind', segment ->> 'lighting', segment ->> 'daypart',
        segment ->> 'weekday', segment ->> 'crowding',
        sequence ->> 'state', inputs -> 'reliability' ->> 'state', inputs -> 'fairness' ->> 'state',
        (inputs ->> 'has_viewable_clip')::boolean,
        (inputs -> 'probability' ->> 'mean')::float8, (inputs -> 'probability' ->> 'low')::float8,
        (inputs -> 'probability' ->> 'high')::float8,
        inputs -> 'probability' ->> 'basis' = 'calibrated',
        (inputs ->> 'minute_shadow_price')::float8, assessed.outcome,
        changed.assessment_id, changed.disposition_id,
        coalesce(changed.verdict, ''), changed.decided_at,
        coalesce(changed.sampling_probability, alert.sampling_probability)
    FROM changed
    JOIN alerts_alert alert ON alert.id = changed.alert_id
    JOIN alerts_assessment assessed ON assessed.id = changed.assessment_id
    CROSS JOIN LATERAL jsonb_to_record(assessed.record) AS parts(inputs jsonb, sequence jsonb)
    CROSS JOIN LATERAL (SELECT inputs -> 'reliability' -> 'segment' AS segment OFFSET 0) places
    CROSS JOIN LATERAL ({_SIGNALS}) told
    ON CONFLICT (alert_id) DO UPDATE SET
        is_drill = excluded.is_drill, is_duplicate = excluded.is_duplicate,
        signals = excluded.signals, score = excluded.score,
        zone_kind = excluded.zone_kind, lighting = excluded.lighting,
        daypart = excluded.daypart, weekday = excluded.weekday, crowding = excluded.crowding,
        sequence = excluded.sequence, reliability = excluded.reliability,
        fairness = excluded.fairness, has_viewable_clip = excluded.has_viewable_clip,
        probability = excluded.probability, low = excluded.low, high = excluded.high,
        is_calibrated = excluded.is_calibrated,
        minute_shadow_price = excluded.minute_shadow_price, outcome = excluded.outcome,
        assessment_id = excluded.assessment_id, disposition_id = excluded.disposition_id,
        verdict = excluded.verdict, labelled_at = excluded.labelled_at,
        sampling_probability = excluded.sampling_probability
"""  # noqa: S608 - only constants of this module are part of the text
GATHERED_AT_ONCE: Final = 20_000


def gather_facts(*, tenant_id: UUID, now: datetime) -> int:
    """Bring the tenant's facts up to its alerts and verdicts; return how many were written.

    Runs inside the tenant's scope or as the service role. A correction replaces the label; an
    inconclusive verdict is kept as a word and is no label. Alerts whose verdict was decided after
    `now` (a clock that was set back) are gathered all the same: learning asks for `labelled_at`.
    """
    written = 0
    while batch := _gather(tenant_id, GATHERED_AT_ONCE):
        written += batch
        if batch < GATHERED_AT_ONCE:
            break
    return written


def _gather(tenant_id: UUID, batch: int) -> int:
    """One batch, joined by hashing.

    The tables grow by thousands between two looks of the planner. From the old counts it sometimes
    chose nested loops, which compared every alert with every fact and ran into the time-out.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(_GATHER, {"tenant": tenant_id, "batch": batch})
        written = int(cursor.rowcount)
        cursor.execute("SET LOCAL enable_nestloop TO DEFAULT")
    return written
