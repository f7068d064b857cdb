"""Parts of a day and days of a week as segments name them, from a place's own clock."""

from datetime import datetime

DAYPARTS = (
    (6, "night"),
    (12, "morning"),
    (18, "afternoon"),
    (22, "evening"),
    (24, "night"),
)
"""The hour before which each part of the day ends."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def daypart_of(local: datetime) -> str:
    """The part of the day at a place's local time."""
    return next(name for end, name in DAYPARTS if local.hour < end)


def weekday_of(local: datetime) -> str:
    """The day of the week at a place's local time, in English whatever the machine's language is."""
    return WEEKDAYS[local.weekday()]
