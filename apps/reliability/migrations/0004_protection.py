"""Every table of a tenant hides the others' rows; what decided an alert can neither be deleted nor truncated.

`AlertFact` and the findings of a refresh may be deleted: facts are derived from alerts and can be made again, and a
person's erasure must reach them. Backwards: the builders drop what they made.
"""

from django.db import migrations

from apps.audit.protection import revoke, row_level_security

KEPT = (
    "reliability_triagepolicyversion",
    "reliability_sequencepolicyversion",
    "reliability_probabilitymodelversion",
    "reliability_surrogateversion",
    "reliability_reliabilityrefresh",
    "reliability_triagebasis",
    "reliability_backtest",
    "reliability_fairnesssample",
    "reliability_fairnessrow",
    "reliability_fairnessalarm",
)
DERIVED = ("reliability_alertfact", "reliability_segmentfinding")


class Migration(migrations.Migration):
    dependencies = [("reliability", "0003_learning")]
    operations = [
        *(row_level_security(table) for table in (*KEPT, *DERIVED)),
        *(revoke(table, ["DELETE", "TRUNCATE"]) for table in KEPT),
        *(revoke(table, ["TRUNCATE"]) for table in DERIVED),
    ]
