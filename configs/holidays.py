"""Public holidays, and weekends that are worked for them: data files, one for each year or city."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationError

from configs.document import read_document
from configs.errors import ConfigError
from configs.fields import Model, fault
from configs.messages import config_error, suggestion

HOLIDAYS_FOLDER = Path(__file__).parent / "holidays"
_WORKING_DAYS = range(5)
"""Monday is 0."""
_LONGEST = timedelta(days=60)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise fault("<value> is no date", "write 2026-10-01, or 2026-10-01/2026-10-07") from None


def _days(value: object) -> object:
    """Read a date, or a first and a last one with a stroke between them."""
    if isinstance(value, date):
        return (value,)
    if not isinstance(value, str):
        return value
    first, _, last = value.partition("/")
    begins, ends = _day(first), _day(last or first)
    if not timedelta(0) <= ends - begins <= _LONGEST:
        raise fault("<value> ends before it begins, or lasts months", "write the first day first")
    return tuple(begins + timedelta(days=n) for n in range((ends - begins).days + 1))


Days = Annotated[tuple[date, ...], BeforeValidator(_days)]


class HolidayFile(Model):
    """Days that differ from the week's."""

    holidays: tuple[Days, ...] = ()
    """Days on which nobody works: 2026-10-01, or 2026-10-01/2026-10-07."""
    workdays: Annotated[tuple[Days, ...], Field()] = ()
    """Days at a weekend on which everybody does."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked."""

    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    def works(self, day: date) -> bool:
        """Tell whether a day is a working day."""
        if day in self.workdays:
            return True
        return day.weekday() in _WORKING_DAYS and day not in self.holidays


def bundled_holidays() -> tuple[str, ...]:
    """Names of the bundled files."""
    return tuple(sorted(file.stem for file in HOLIDAYS_FOLDER.glob("*.yaml")))


def calendar(names: Iterable[str], base: Path | None = None) -> Calendar:
    """Read files of holidays: bundled ones by name, with "/" or ".yaml" files relative to `base`.

    Raises ConfigError.
    """
    files = [_read(name, base) for name in names]
    return Calendar(
        frozenset(day for file in files for days in file.holidays for day in days),
        frozenset(day for file in files for days in file.workdays for day in days),
    )


def _read(name: str, base: Path | None) -> HolidayFile:
    if "/" in name or name.endswith((".yaml", ".yml")):
        file = (base or Path()) / name
    elif name in bundled_holidays():
        file = HOLIDAYS_FOLDER / f"{name}.yaml"
    else:
        raise ConfigError(
            Path(name),
            "",
            "unknown file of holidays",
            f"{suggestion(name, bundled_holidays())} (or the path of a .yaml file)",
        )
    document = read_document(file)
    try:
        return HolidayFile.model_validate(document.data)
    except ValidationError as error:
        raise config_error(error, HolidayFile, document) from None
