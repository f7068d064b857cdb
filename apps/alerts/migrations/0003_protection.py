"""An accepted alert is never lost, and its state moves only along the table in apps/triage/states.py.

What the detector said, what triage concluded and what a person decided are written once: the runtime roles lack UPDATE and
DELETE, and statement triggers refuse everybody else. Django has no words for either. Undone by reversing; the rows stay."""

from django.db import migrations

from apps.audit.protection import append_only, revoke, row_level_security, transition_guard
from apps.triage.states import ALERT, CLIP, OUTBOX


class Migration(migrations.Migration):
    dependencies = [("alerts", "0002_initial")]
    operations = [
        *[row_level_security(f"alerts_{t}") for t in ("alert", "clip", "assessment", "disposition", "outboxentry")],
        append_only("alerts_assessment"),
        append_only("alerts_disposition"),
        *[revoke(f"alerts_{t}", ["DELETE", "TRUNCATE"]) for t in ("alert", "clip", "outboxentry")],
        transition_guard("alerts_alert", "state", ALERT.transitions, ALERT.initial),
        transition_guard("alerts_clip", "state", CLIP.transitions, CLIP.initial),
        transition_guard("alerts_outboxentry", "state", OUTBOX.transitions, OUTBOX.initial),
    ]
