"""Pinned looks and saved rule engines in the store."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from cases.record import canonical_json
from cases.store import schema
from cases.store.rows import PinnedLook, SavedWatch

_P = schema.pins
_W = schema.watches


def pin(connection: Connection, look: PinnedLook) -> bool:
    """Remember a pinned look. False: this violation has pinned this moment before."""
    same = (_P.c.violation_id == look.violation_id, _P.c.at_s == look.at_s)
    if connection.execute(select(_P.c.path).where(*same)).first() is not None:
        return False
    connection.execute(
        insert(_P).values(
            violation_id=look.violation_id,
            at_s=look.at_s,
            camera_id=look.camera_id,
            path=str(look.path),
        )
    )
    return True


def pins_of(connection: Connection, violation_id: str) -> tuple[PinnedLook, ...]:
    """Return a violation's pinned looks in time order."""
    query = select(_P).where(_P.c.violation_id == violation_id).order_by(_P.c.at_s)
    return _looks(connection.execute(query).all())


def all_pins(connection: Connection) -> tuple[PinnedLook, ...]:
    """Return every pinned look, by camera and time."""
    query = select(_P).order_by(_P.c.camera_id, _P.c.at_s, _P.c.violation_id)
    return _looks(connection.execute(query).all())


def drop_pins(connection: Connection, violation_id: str) -> tuple[Path, ...]:
    """Forget a violation's pins; returns the spooled files that nobody needs any more."""
    mine = select(_P.c.path).where(_P.c.violation_id == violation_id)
    paths = set(connection.execute(mine).scalars())
    connection.execute(delete(_P).where(_P.c.violation_id == violation_id))
    kept = set(connection.execute(select(_P.c.path).where(_P.c.path.in_(paths))).scalars())
    return tuple(sorted(Path(path) for path in paths - kept))


def save_watch(
    connection: Connection, camera_id: str, snapshot: Mapping[str, Any], now: datetime
) -> None:
    """Replace a camera's saved rule engine."""
    connection.execute(delete(_W).where(_W.c.camera_id == camera_id))
    connection.execute(
        insert(_W).values(camera_id=camera_id, snapshot=canonical_json(snapshot), saved_at=now)
    )


def load_watches(connection: Connection) -> dict[str, SavedWatch]:
    """Return the saved rule engine of every camera, by camera id."""
    return {
        row.camera_id: SavedWatch(row.camera_id, json.loads(row.snapshot), row.saved_at)
        for row in connection.execute(select(_W).order_by(_W.c.camera_id))
    }


def _looks(rows: Sequence[Row[Any]]) -> tuple[PinnedLook, ...]:
    return tuple(
        PinnedLook(row.violation_id, row.camera_id, row.at_s, Path(row.path)) for row in rows
    )
