"""What was recorded of interventions so far becomes entries, before the old column goes.

Written as SQL because both sides are plain copies, in a migration of its own because a table with rows waiting for
their foreign keys is not altered. Who recorded an entry was not kept in the row: the audit chain names them. Going
back puts the words of the standing complaint into the column again and loses nothing else that it could hold.
"""

from django.db import migrations

FORTH = """
    UPDATE reviews_intervention SET complaint_at = coalesce(outcome_at, authorised_at) WHERE complaint <> '';
    INSERT INTO reviews_interventionentry
        (id, tenant_id, intervention_id, step, outcome, cost, currency, reason, recorded_by, recorded_at)
    SELECT gen_random_uuid(), tenant_id, id, 'complaint', '', NULL::numeric, '', complaint, NULL::uuid, complaint_at
    FROM reviews_intervention WHERE complaint <> ''
    UNION ALL
    SELECT gen_random_uuid(), tenant_id, id, 'outcome', outcome, NULL::numeric, '', '', NULL::uuid, outcome_at
    FROM reviews_intervention WHERE outcome_at IS NOT NULL;
"""
BACK = """
    UPDATE reviews_intervention SET complaint = entry.reason
    FROM reviews_interventionentry entry
    WHERE entry.intervention_id = reviews_intervention.id AND entry.step = 'complaint'
        AND NOT EXISTS (SELECT FROM reviews_interventionentry later WHERE later.supersedes_id = entry.id);
    DELETE FROM reviews_interventionentry;
"""


class Migration(migrations.Migration):
    dependencies = [("reviews", "0010_interventions_and_first_judgements")]
    operations = [migrations.RunSQL(sql=FORTH, reverse_sql=BACK)]
