"""Permit files: the permits of a city as a CSV, one a line."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from configs.errors import ConfigError
from configs.messages import suggestion
from configs.permit import Permit

COLUMNS = (
    "camera",
    "zones",
    "days",
    "from",
    "to",
    "first_day",
    "last_day",
    "season_from",
    "season_to",
    "holder",
)
"""Columns of a permit file; first_day and last_day must be there, in any order, with any others."""
NEEDED = frozenset({"first_day", "last_day"})
MOST_ROWS = 5000


@dataclass(frozen=True, slots=True)
class PermitRow:
    """A line of a permit file."""

    line: int
    camera: str
    """Empty: every camera whose rule names the file."""
    permit: Permit
    holder: str


def read_permits(file: Path) -> tuple[PermitRow, ...]:
    """Read a permit file (CSV, UTF-8, COLUMNS); raises ConfigError, which names the line."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise _fault(file, None, f"cannot be read: {error.strerror}", "write its path") from None
    except UnicodeDecodeError:
        raise _fault(file, None, "is not in UTF-8", "save it as CSV UTF-8") from None
    reader = csv.DictReader(text.splitlines(), strict=True)
    try:
        _check_header(file, reader.fieldnames or [])
        rows = tuple(_row(file, reader.line_num, fields) for fields in reader if any(fields))
    except csv.Error as error:
        raise _fault(file, reader.line_num, f"is no CSV: {error}", "save it as CSV UTF-8") from None
    if len(rows) > MOST_ROWS:
        raise _fault(file, None, f"has {len(rows)} permits", f"write at most {MOST_ROWS}")
    return rows


def _check_header(file: Path, names: Sequence[str]) -> None:
    for name in names:
        if name not in COLUMNS:
            raise _fault(file, 1, f"unknown column {name!r}", suggestion(name, COLUMNS))
    missing = sorted(NEEDED - set(names))
    if missing:
        raise _fault(
            file,
            1,
            f"has no column {' and '.join(missing)}",
            f"begin with a line of names: {','.join(COLUMNS)} (two of them must be there: "
            f"{' and '.join(sorted(NEEDED))})",
        )


def _row(file: Path, line: int, fields: Mapping[str | None, Any]) -> PermitRow:
    if None in fields or None in fields.values():
        raise _fault(
            file, line, "has more or fewer values than the first line has names", "mend it"
        )
    given = {str(name): str(value).strip() for name, value in fields.items()}
    written: dict[str, Any] = {
        "from": given.get("from") or "00:00",
        "to": given.get("to") or "24:00",
        "zones": tuple(re.split(r"[;\s]+", given["zones"])) if given.get("zones") else (),
    }
    for name in ("days", "first_day", "last_day"):
        if given.get(name):
            written[name] = given[name]
    if given.get("season_from") or given.get("season_to"):
        season = {"from": given.get("season_from", ""), "to": given.get("season_to", "")}
        written["season"] = season
    try:
        permit = Permit.model_validate(written)
    except ValidationError as error:
        raise _of_value(file, line, error, written) from None
    return PermitRow(line, given.get("camera", ""), permit, given.get("holder", ""))


def _of_value(
    file: Path, line: int, error: ValidationError, written: Mapping[str, Any]
) -> ConfigError:
    """Say the first thing that is wrong with a line."""
    detail = error.errors(include_url=False)[0]
    context = detail.get("ctx", {})
    value: Any = written
    for part in detail["loc"]:
        value = value[part] if isinstance(value, dict) and part in value else value
    problem = str(context.get("problem", detail["msg"]))
    shown = repr(value) if isinstance(value, str) else "the line"
    name = "_".join(str(part) for part in detail["loc"])
    problem = problem.replace("<value>", shown)
    return _fault(file, line, problem, str(context.get("remedy", "mend the line")), name)


def _fault(
    file: Path, line: int | None, problem: str, remedy: str, column: str = ""
) -> ConfigError:
    return ConfigError(file, column, problem, remedy, line=line)
