"""Cards, registers and notices are written once; incidents and exports move along their tables and do not disappear.

Models in use are the same for every tenant and have no tenant's rows to hide: a worker adds them, nobody changes them.
Undone by reversing."""

from django.db import migrations

from apps.audit.protection import append_only, revoke, row_level_security, transition_guard
from apps.triage.states import RECORDS_EXPORT, SYSTEM_INCIDENT

WORDINGS = ("systemcardversion", "riskregisterversion", "notice")
MOVING = {"systemincident": SYSTEM_INCIDENT, "recordsexport": RECORDS_EXPORT}


class Migration(migrations.Migration):
    dependencies = [("oversight", "0001_oversight")]
    operations = [
        *[row_level_security(f"oversight_{name}") for name in (*WORDINGS, *MOVING)],
        *[append_only(f"oversight_{name}") for name in (*WORDINGS, "publishedmodel")],
        *[revoke(f"oversight_{name}", ["DELETE", "TRUNCATE"]) for name in MOVING],
        *[
            transition_guard(f"oversight_{name}", "state", machine.transitions, machine.initial)
            for name, machine in MOVING.items()
        ],
    ]
