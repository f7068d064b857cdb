"""What an integrator can be told, and which event of the audit chain says so.

What the machine concluded is not among it: an archived alert may be waiting for somebody's judgement without the
machine's verdict, and an integrator's screen would give it away.
"""

from enum import StrEnum
from typing import Final

from django.utils.translation import gettext_noop

from apps.audit.events import Event


class Kind(StrEnum):
    ALERT_RECEIVED = "alert.received"
    ALERT_WAITING = "alert.waiting"
    ALERT_RESOLVED = "alert.resolved"
    ALERT_CORRECTED = "alert.corrected"
    CASE_OPENED = "case.opened"
    CASE_STATE_CHANGED = "case.state_changed"
    CASE_FILE_RELEASED = "case_file.released"
    REPORT_SIGNED = "report.signed"
    MACHINE_STOPPED = "machine.stopped"
    MACHINE_RESUMED = "machine.resumed"


PING: Final = "ping"
"""Sent when somebody asks for it, to every webhook, chosen or not."""

KIND_OF: Final[dict[str, Kind]] = {
    Event.ALERT_RECEIVED: Kind.ALERT_RECEIVED,
    Event.TASK_OPENED: Kind.ALERT_WAITING,
    Event.ALERT_RESOLVED: Kind.ALERT_RESOLVED,
    Event.ALERT_CORRECTED: Kind.ALERT_CORRECTED,
    Event.CASE_OPENED: Kind.CASE_OPENED,
    Event.CASE_STATE_CHANGED: Kind.CASE_STATE_CHANGED,
    Event.CASE_FILE_RELEASED: Kind.CASE_FILE_RELEASED,
    Event.REPORT_SIGNED: Kind.REPORT_SIGNED,
    Event.MACHINE_STOPPED: Kind.MACHINE_STOPPED,
    Event.MACHINE_RESUMED: Kind.MACHINE_RESUMED,
}

WORDS: Final[dict[str, str]] = {
    Kind.ALERT_RECEIVED: gettext_noop("An alert was received"),
    Kind.ALERT_WAITING: gettext_noop("An alert waits for a person"),
    Kind.ALERT_RESOLVED: gettext_noop("A person decided an alert"),
    Kind.ALERT_CORRECTED: gettext_noop("A decision was corrected"),
    Kind.CASE_OPENED: gettext_noop("A case was opened"),
    Kind.CASE_STATE_CHANGED: gettext_noop("A case moved on"),
    Kind.CASE_FILE_RELEASED: gettext_noop("A case file was released"),
    Kind.REPORT_SIGNED: gettext_noop("A report was signed"),
    Kind.MACHINE_STOPPED: gettext_noop("STOP was pressed"),
    Kind.MACHINE_RESUMED: gettext_noop("The machine goes on"),
}
"""Each kind in words, in the order in which the settings list them."""

PAGES: Final[dict[str, tuple[str, str]]] = {
    "alert": ("alert", "api-alert"),
    "case": ("case", ""),
}
"""Where a subject can be looked at: the name of its page, and of its address in the API ("" for none)."""
