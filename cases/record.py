"""Violations as records, JSON in one form only, and the name of a case."""

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from typing import Any

from detectors import Absence, Box, Moment, Passing, Role, Violation


def canonical_json(value: Any) -> str:
    """Write JSON with one form only: sorted keys, no spaces, no NaN. ValueError, TypeError."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def case_key(violation_id: str) -> str:
    """Text that names a case inside a case system, so that it can be found there again."""
    return f"SW-{violation_id}"


def violation_record(violation: Violation) -> dict[str, Any]:
    """Everything about a violation as values that JSON has."""
    # Field by field: `asdict` copies everything deeply, which costs more than the insert.
    record = {field.name: getattr(violation, field.name) for field in fields(violation)}
    record["opened_at"] = violation.opened_at.isoformat()
    record["last_at"] = violation.last_at.isoformat()
    record["box"] = [float(edge) for edge in violation.box]
    record["moments"] = [_moment_record(moment) for moment in violation.moments]
    record["remarks"] = list(violation.remarks)
    record["passing"] = [one.to_json() for one in violation.passing]
    return record


def violation_from_record(record: Mapping[str, Any]) -> Violation:
    """Read back what `violation_record` wrote."""
    values = dict(record)
    values["opened_at"] = datetime.fromisoformat(record["opened_at"])
    values["last_at"] = datetime.fromisoformat(record["last_at"])
    values["box"] = _box(record["box"])
    values["moments"] = tuple(_moment(moment) for moment in record["moments"])
    values["remarks"] = tuple(record.get("remarks", ()))
    values["passing"] = tuple(Passing.from_json(one) for one in record.get("passing", ()))
    return Violation(**values)


@lru_cache(maxsize=512)
def parsed_violation(record: str) -> Violation:
    """Read a violation from the JSON of its record; the newest ones read are remembered."""
    return violation_from_record(json.loads(record))


def _moment_record(moment: Moment) -> dict[str, Any]:
    return {
        "role": moment.role.value,
        "at_s": moment.at_s,
        "captured_at": None if moment.captured_at is None else moment.captured_at.isoformat(),
        "box": None if moment.box is None else [float(edge) for edge in moment.box],
        "score": None if moment.score is None else float(moment.score),
        "absence": None if moment.absence is None else moment.absence.value,
    }


def _moment(record: Mapping[str, Any]) -> Moment:
    captured_at, absence, box = record["captured_at"], record["absence"], record["box"]
    return Moment(
        role=Role(record["role"]),
        at_s=record["at_s"],
        captured_at=None if captured_at is None else datetime.fromisoformat(captured_at),
        box=None if box is None else _box(box),
        score=record["score"],
        absence=None if absence is None else Absence(absence),
    )


def _box(edges: list[float]) -> Box:
    x0, y0, x1, y1 = edges
    return (x0, y0, x1, y1)
