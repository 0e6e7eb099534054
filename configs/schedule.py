"""Times of the week, as people write them: days and hours in the site's time zone."""

import re
from datetime import time
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from configs.fields import Model, fault

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""In the order of datetime.weekday()."""

TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")

_DAYS_REMEDY = "write days such as mon-sun, mon-fri, sat-mon or mon,wed,fri"


def parse_days(text: object) -> frozenset[int]:
    """Read "mon-fri", "sat-mon" (over the week's end) or "mon,wed" into weekdays, Monday 0."""
    if isinstance(text, frozenset):
        return text
    if not isinstance(text, str):
        raise fault("days is not text", _DAYS_REMEDY)
    days: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        start = _weekday(first)
        stop = _weekday(last) if dash else start
        length = (stop - start) % 7
        days.update((start + step) % 7 for step in range(length + 1))
    return frozenset(days)


def _weekday(name: str) -> int:
    if name not in WEEKDAYS:
        raise fault("<value> does not name days of the week", _DAYS_REMEDY)
    return WEEKDAYS.index(name)


def write_days(days: frozenset[int]) -> str:
    """Write weekdays so that parse_days reads them."""
    return ",".join(WEEKDAYS[day] for day in sorted(days))


def parse_time(text: object) -> time:
    """Read "HH:MM", 24 hours; "24:00" is the midnight that ends the day."""
    if isinstance(text, time):
        return text
    if isinstance(text, int) and not isinstance(text, bool) and 0 <= text <= 1440:
        # YAML 1.1 reads an unquoted 22:00 as 22 * 60.
        written = f"{text // 60:02d}:{text % 60:02d}"
        raise fault(
            f"a time without quotes was read as the number {text}", f'write "{written}" in quotes'
        )
    remedy = 'write hours and minutes in quotes, such as "06:00" or "22:30"'
    if not isinstance(text, str):
        raise fault("a time must be text", remedy)
    if text == "24:00":
        return time(0)
    match = TIME.fullmatch(text)
    if match is None:
        raise fault("<value> is no time of the day", remedy)
    return time(int(match[1]), int(match[2]))


Days = Annotated[
    frozenset[int],
    BeforeValidator(parse_days),
    PlainSerializer(write_days, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["mon-sun", "mon-fri", "sat-mon", "mon,wed"]}),
]

TimeOfDay = Annotated[
    time,
    BeforeValidator(parse_time),
    WithJsonSchema(
        {"type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"},
    ),
]


class Hours(Model):
    """A window of the week: on these days, from `start` until before `end`.

    Where `end` is not after `start` the window runs over midnight and belongs to the day on which
    it starts; "00:00" to "24:00" (start and end both midnight) is the whole day.
    """

    days: Days = frozenset(range(7))
    """Weekdays, Monday is 0."""
    start: TimeOfDay = Field(alias="from", examples=["22:00"])
    end: TimeOfDay = Field(alias="to", examples=["06:00"])

    @model_validator(mode="before")
    @classmethod
    def _not_empty(cls, written: Any) -> Any:
        if isinstance(written, dict) and isinstance(start := written.get("from"), str):
            if start == "24:00":
                raise fault('from: "24:00" is the end of a day', 'write from: "00:00"')
            if start == written.get("to"):
                raise fault(
                    "from and to are the same time",
                    'write from: "00:00", to: "24:00" for the whole day',
                )
        return written
