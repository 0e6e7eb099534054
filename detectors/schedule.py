"""Weekly windows of local time, and how much of an interval lies outside what they allow."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Names of days as the site file writes them; the index is datetime.weekday()."""

MIDNIGHT = time(0, 0)

MonthDay = tuple[int, int]
"""A day of every year: month, day."""


def parse_days(text: str) -> frozenset[int]:
    """Read "mon-fri", "sat,sun" or "fri-mon" (over the week's end); ValueError says what is wrong.

    Returns numbers as datetime.weekday() gives them, Monday 0.
    """
    days: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        for name in (first, last) if dash else (first,):
            if name not in DAY_NAMES:
                raise ValueError(f"unknown day {name!r}: expected one of {', '.join(DAY_NAMES)}")
        start = DAY_NAMES.index(first)
        end = DAY_NAMES.index(last) if dash else start
        days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(days)


def parse_clock(text: str) -> time:
    """Read "22:00"; "24:00" is the midnight that ends a day. ValueError says what is wrong."""
    hours, colon, minutes = text.partition(":")
    if not (colon and hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2):
        raise ValueError(f"unreadable time {text!r}: expected HH:MM")
    if text == "24:00":
        return MIDNIGHT
    try:
        return time(int(hours), int(minutes))
    except ValueError as error:
        raise ValueError(f"unreadable time {text!r}: expected 00:00 to 24:00") from error


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of local time that comes back every week, half-open [start, end).

    A window that ends at or before its start runs over midnight and belongs to the day it starts
    on; equal times are the whole 24 hours from start.
    """

    days: frozenset[int]
    """Days the window starts on, Monday 0."""
    start: time
    end: time
    first_day: date | None = None
    """It starts on no day before this one; None: it always has."""
    last_day: date | None = None
    """It starts on no day after this one."""
    season: tuple[MonthDay, MonthDay] | None = None
    """First and last day of each year on which it starts; a season may run over New Year."""
    zones: frozenset[str] = frozenset()
    """Zones in which it holds; empty: everywhere."""

    @classmethod
    def parse(cls, days: str, start: str, end: str) -> "Window":
        """Read the site file's days, from and to; ValueError says what is wrong."""
        return cls(parse_days(days), parse_clock(start), parse_clock(end))

    def holds(self, local: datetime) -> bool:
        """Whether a local wall-clock time lies inside."""
        clock, today = local.time(), local.date()
        if self.start < self.end:
            return self.start <= clock < self.end and self.starts_on(today)
        if clock >= self.start and self.starts_on(today):
            return True
        return clock < self.end and self.starts_on(today - timedelta(days=1))

    def starts_on(self, day: date) -> bool:
        """Whether it starts on a day: of the week, of its season, within its validity."""
        if day.weekday() not in self.days:
            return False
        if self.first_day is not None and day < self.first_day:
            return False
        if self.last_day is not None and day > self.last_day:
            return False
        if self.season is None:
            return True
        (first, last), now = self.season, (day.month, day.day)
        return first <= now <= last if first <= last else now >= first or now <= last


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a rule forbids: inside its hours and outside what is allowed."""

    timezone: ZoneInfo
    allow: tuple[Window, ...] = ()
    hours: tuple[Window, ...] | None = None
    """None: at all hours."""

    def in_zone(self, zone_id: str) -> "Schedule":
        """Return the schedule as it holds in one zone."""
        if not any(window.zones for window in self.allow):
            return self
        allow = tuple(one for one in self.allow if not one.zones or zone_id in one.zones)
        return replace(self, allow=allow)

    def forbids(self, at: datetime) -> bool:
        """Whether the rule forbids at this (aware) time."""
        local = at.astimezone(self.timezone)
        if self.hours is not None and not any(window.holds(local) for window in self.hours):
            return False
        return not any(window.holds(local) for window in self.allow)

    def forbidden_share(self, start: datetime, end: datetime) -> float:
        """Share 0..1 of the interval [start, end) that is forbidden.

        A clock that stands still or steps back leaves no interval to divide: the end decides.
        """
        if end <= start:
            return float(self.forbids(end))
        edges = [start, *self._edges(start, end), end]
        forbidden = sum(
            (after - before).total_seconds()
            for before, after in itertools.pairwise(edges)
            if self.forbids(before)
        )
        return forbidden / (end - start).total_seconds()

    def day_end(self, at: datetime) -> datetime:
        """Return the local midnight that ends the day of this (aware) time."""
        tomorrow = at.astimezone(self.timezone).date() + timedelta(days=1)
        return datetime.combine(tomorrow, MIDNIGHT, self.timezone).astimezone(UTC)

    def _edges(self, start: datetime, end: datetime) -> Sequence[datetime]:
        """Moments inside (start, end) at which some window starts or ends, in order."""
        windows = (*self.allow, *(self.hours or ()))
        clocks = {clock for window in windows for clock in (window.start, window.end)}
        day = start.astimezone(self.timezone).date()
        last = end.astimezone(self.timezone).date()
        edges: set[datetime] = set()
        while day <= last:
            for clock in clocks | {MIDNIGHT}:
                edge = datetime.combine(day, clock, self.timezone).astimezone(UTC)
                if start < edge < end:
                    edges.add(edge)
            day += timedelta(days=1)
        return sorted(edges)
