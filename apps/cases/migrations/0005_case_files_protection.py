"""A case file moves along its table, shows only in its own tenant, and does not disappear."""

from django.db import migrations

from apps.audit.protection import revoke, row_level_security, transition_guard
from apps.triage.states import CASE_FILE


class Migration(migrations.Migration):
    dependencies = [("cases", "0004_case_files")]
    operations = [
        row_level_security("cases_casefile"),
        revoke("cases_casefile", ["DELETE", "TRUNCATE"]),
        transition_guard("cases_casefile", "state", CASE_FILE.transitions, CASE_FILE.initial),
    ]
