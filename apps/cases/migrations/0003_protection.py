"""Exhibits and incidents are facts: written once. A case moves along its table only. Undone by reversing."""

from django.db import migrations

from apps.audit.protection import append_only, revoke, row_level_security, transition_guard
from apps.triage.states import CASE


class Migration(migrations.Migration):
    dependencies = [("cases", "0002_initial")]
    operations = [
        *[row_level_security(f"cases_{t}") for t in ("case", "incident", "exhibit")],
        append_only("cases_exhibit"),
        append_only("cases_incident"),
        revoke("cases_case", ["DELETE", "TRUNCATE"]),
        transition_guard("cases_case", "state", CASE.transitions, CASE.initial),
    ]
