"""Places whose cases are held for a while, because a person has rejected one there."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from cases.errors import NotFound, WrongState
from cases.store import schema, violation_rows
from cases.store.database import Database
from cases.store.rows import Silence
from detectors import Box, Violation

_S = schema.silences

_SILENCING = (
    select(_S)
    .where(
        _S.c.camera_id == bindparam("camera"),
        _S.c.kind == bindparam("kind_"),
        _S.c.until_at > bindparam("now"),
        _S.c.zone_id == bindparam("zone"),
        _S.c.lifted_at.is_(None),
        _S.c.violation_id != bindparam("own"),
    )
    .order_by(_S.c.until_at.desc())
)

Where = tuple[str, str]
"""A camera and one of its zones."""
SAME_PLACE: Final = 0.5
"""Intersection over union from which two boxes are the same place."""


class Silences:
    """The silences of a store: listed, and lifted by a person."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def listed(self, *, lifted: bool = False, limit: int = 1000) -> tuple[Silence, ...]:
        """Return what is silenced now, the longest first; with `lifted` what is past as well."""
        query = select(_S).order_by(_S.c.until_at.desc(), _S.c.silence_id).limit(limit)
        if not lifted:
            query = query.where(_S.c.until_at > self._now(), _S.c.lifted_at.is_(None))
        with self._database.read() as connection:
            return tuple(_read(row) for row in connection.execute(query))

    def lift(self, silence_id: int, *, by: str) -> None:
        """End a silence now. NotFound; WrongState where it has ended."""
        now = self._now()
        mine = _S.c.silence_id == silence_id
        with self._database.write() as connection:
            row = connection.execute(select(_S).where(mine).with_for_update()).one_or_none()
            if row is None:
                raise NotFound(f"there is no silence {silence_id}: see `cases silences`")
            if row.lifted_at is not None or row.until_at <= now:
                raise WrongState(f"silence {silence_id} has ended already")
            connection.execute(update(_S).where(mine).values(lifted_at=now, lifted_by=by))
            violation_rows.add_history(connection, row.violation_id, "silence lifted", now, by=by)


def add(
    connection: Connection,
    violation: Violation,
    *,
    by: str,
    reason: str,
    now: datetime,
    for_s: float,
) -> None:
    """Silence the place of a rejected violation; not at all for 0 seconds."""
    if for_s <= 0.0:
        return
    connection.execute(
        insert(_S).values(
            violation_id=violation.violation_id,
            camera_id=violation.camera_id,
            zone_id=violation.zone_id,
            kind=violation.kind,
            box=json.dumps([float(edge) for edge in violation.box]),
            made_at=now,
            until_at=now + timedelta(seconds=for_s),
            by=by,
            reason=reason,
        )
    )


def silencing(
    connection: Connection, violation: Violation, now: datetime, also: Iterable[Where] = ()
) -> Silence | None:
    """Find what silences the place of a violation: its camera, zone, kind and box.

    `also` are zones of other cameras that show the same place. Where in it something stands cannot
    be told from another camera's box, so any silence of the kind counts there.
    """
    for silence in _of(connection, violation, now, (violation.camera_id, violation.zone_id)):
        if overlap(silence.box, violation.box) >= SAME_PLACE:
            return silence
    found = (silence for where in also for silence in _of(connection, violation, now, where))
    return next(found, None)


def _of(
    connection: Connection, violation: Violation, now: datetime, where: Where
) -> Iterator[Silence]:
    camera_id, zone_id = where
    wanted = {
        "camera": camera_id,
        "kind_": violation.kind,
        "now": now,
        "zone": zone_id,
        "own": violation.violation_id,
    }
    return (_read(row) for row in connection.execute(_SILENCING, wanted))


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes; 0.0 for empty ones."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    both = max(0.0, width) * max(0.0, height)
    whole = sum(max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1]) for box in (one, other))
    return both / (whole - both) if whole > both else 0.0


def _read(row: Row[Any]) -> Silence:
    x0, y0, x1, y1 = json.loads(row.box)
    return Silence(
        silence_id=row.silence_id,
        violation_id=row.violation_id,
        camera_id=row.camera_id,
        zone_id=row.zone_id,
        kind=row.kind,
        box=(x0, y0, x1, y1),
        made_at=row.made_at,
        until_at=row.until_at,
        by=row.by,
        reason=row.reason,
        lifted_at=row.lifted_at,
        lifted_by=row.lifted_by,
    )
