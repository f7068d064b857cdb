"""A confirmation is a recorded act: written once, by one transaction, never edited.

The one-time token of an attempt is consumed by moving its state; the guard makes that move possible exactly once, whatever
code asks. Undone by reversing."""

from django.db import migrations

from apps.audit.protection import append_only, revoke, row_level_security, transition_guard
from apps.triage.states import ATTEMPT, TASK


class Migration(migrations.Migration):
    dependencies = [("reviews", "0001_initial")]
    operations = [
        *[
            row_level_security(f"reviews_{t}")
            for t in ("humantask", "decisionattempt", "confirmation", "playback", "intervention")
        ],
        append_only("reviews_confirmation"),
        append_only("reviews_playback"),
        *[revoke(f"reviews_{t}", ["DELETE", "TRUNCATE"]) for t in ("humantask", "decisionattempt", "intervention")],
        transition_guard("reviews_humantask", "state", TASK.transitions, TASK.initial),
        transition_guard("reviews_decisionattempt", "state", ATTEMPT.transitions, ATTEMPT.initial),
    ]
