"""What the shell itself does."""

from apps.audit.events import Event
from tests.audit.writes import call, post

_ASKED = Event.AUDIT_CHECK_ASKED

STORIES = {
    "POST audit-check": lambda world: post(world.compliance, "/audit/check/", event=_ASKED),
    "POST api-audit-checks": lambda world: call(
        world.compliance, "/api/v1/audit/checks/", event=_ASKED
    ),
}
