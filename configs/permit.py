"""Permits: what is allowed where, in which season, on which days, at which hours.

They stand in the site file (a rule's `allow`) or in a CSV file beside it (a rule's `permits`), as
cities publish them: places for melon sellers in summer, breakfast carts, works.
"""

import calendar
import re
from datetime import date, timedelta
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from configs.fields import Identifier, Model, fault
from configs.schedule import Hours

MonthDay = tuple[int, int]
"""A day of every year: month, day."""

_MONTH_DAY = re.compile(r"(\d\d)-(\d\d)")
_LEAP_YEAR = 2024
_YEAR_DAYS = 366


def _day(written: object) -> object:
    """Read a day as YAML or CSV gives it."""
    if isinstance(written, date):
        return written
    try:
        return date.fromisoformat(written) if isinstance(written, str) else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> object:
    raise fault("<value> is no day of the calendar", 'write it as "2026-05-01"')


def _month_day(written: object) -> object:
    if isinstance(written, tuple):
        return written
    match = _MONTH_DAY.fullmatch(written) if isinstance(written, str) else None
    if match is not None:
        month, day = int(match[1]), int(match[2])
        if 1 <= month <= 12 and 1 <= day <= calendar.monthrange(_LEAP_YEAR, month)[1]:
            return (month, day)
    raise fault("<value> is no day of the year", 'write month and day, such as "06-01"')


Day = Annotated[
    date, BeforeValidator(_day), WithJsonSchema({"type": "string", "examples": ["2026-05-01"]})
]
DayOfYear = Annotated[
    MonthDay,
    BeforeValidator(_month_day),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{2}-[0-9]{2}$", "examples": ["06-01"]}),
]


class Season(Model):
    """A part of every year, first and last day included; it may run over New Year."""

    start: DayOfYear = Field(alias="from")
    end: DayOfYear = Field(alias="to")


class Permit(Hours):
    """A window of the week, as far as it holds: from a day, to a day, in a season, in zones."""

    first_day: Day | None = None
    """It starts on no day before this one."""
    last_day: Day | None = None
    """It starts on no day after this one."""
    season: Season | None = None
    zones: tuple[Identifier, ...] = ()
    """Zones of the rule in which it holds; empty: all of them."""

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        if self.first_day is None or self.last_day is None:
            return self
        if self.last_day < self.first_day:
            raise fault(
                f"the permit ends on {self.last_day} before it begins on {self.first_day}",
                "exchange first_day and last_day",
            )
        length = min((self.last_day - self.first_day).days, _YEAR_DAYS)
        days = (self.first_day + timedelta(days=number) for number in range(length + 1))
        if not any(self._starts_on(day) for day in days):
            raise fault(
                f"the permit holds on no day between {self.first_day} and {self.last_day}",
                "change its days, its season or its dates",
            )
        return self

    def _starts_on(self, day: date) -> bool:
        if self.season is None or day.weekday() not in self.days:
            return day.weekday() in self.days
        first, last, now = self.season.start, self.season.end, (day.month, day.day)
        return first <= now <= last if first <= last else now >= first or now <= last
