"""The hours in which a person wants no e-mail."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from apps.notifications.models import NotificationChoice


def quiet_ends_at(choice: NotificationChoice, now: datetime) -> datetime | None:
    """When the person's quiet hours end, by the clock of their time zone; None outside of them.

    Hours may go over midnight. They are read from the clock on the wall: the night the clocks change is an hour longer or
    shorter.
    """
    begins, ends = choice.quiet_from, choice.quiet_until
    if begins is None or ends is None:
        return None
    zone = ZoneInfo(choice.timezone)
    local = now.astimezone(zone)
    clock = local.time()
    is_quiet = begins <= clock < ends if begins <= ends else clock >= begins or clock < ends
    if not is_quiet:
        return None
    day = local.date() if clock < ends else local.date() + timedelta(days=1)
    return datetime.combine(day, ends, tzinfo=zone)
