"""Working hours of a city's administration: what a deadline of n hours means on the clock.

08:00 to 12:00 and 14:00 to 18:00, Monday to Friday, in the site's time zone. Holidays come from
data files; a deadline over one that nobody has written down comes too early, never too late.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from configs.holidays import Calendar

_SHIFTS = ((time(8), time(12)), (time(14), time(18)))

LONGEST_HOURS = 2000
"""A working year."""


def due_at(
    start: datetime, hours: float, timezone: ZoneInfo, days: Calendar | None = None
) -> datetime:
    """Return when so many working hours have passed since `start` (aware).

    Raises ValueError where `hours` is not above 0, or more than a working year.
    """
    if not 0 < hours <= LONGEST_HOURS:
        raise ValueError(f"expected more than 0 and at most {LONGEST_HOURS} hours, got {hours}")
    left_s = hours * 3600.0
    for begins, ends in _shifts(start, timezone, days or Calendar()):
        from_s = max(begins.timestamp(), start.timestamp())
        length_s = max(0.0, ends.timestamp() - from_s)
        if left_s <= length_s:
            return datetime.fromtimestamp(from_s + left_s, timezone)
        left_s -= length_s
    raise AssertionError("shifts never end")


def _shifts(
    start: datetime, timezone: ZoneInfo, days: Calendar
) -> Iterator[tuple[datetime, datetime]]:
    day = start.astimezone(timezone).date()
    while True:
        if days.works(day):
            for begins, ends in _SHIFTS:
                yield (
                    datetime.combine(day, begins, timezone),
                    datetime.combine(day, ends, timezone),
                )
        day += timedelta(days=1)
