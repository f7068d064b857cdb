"""Footage whose period is over becomes `deleted`: the guard of the clip's states learns the new arrow.

A trigger's table is fixed when it is made, so the old one goes and the new one is made. Undone by reversing.
"""

from django.db import migrations

from apps.audit.protection import reversed_operation, transition_guard
from apps.triage.states import CLIP

_GUARD = transition_guard("alerts_clip", "state", CLIP.transitions, CLIP.initial)


class Migration(migrations.Migration):
    dependencies = [("alerts", "0009_clip_deleted")]
    operations = [reversed_operation(_GUARD), _GUARD]
