"""Pinned looks and saved rule engines in the store."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from cases.record import canonical_json
from cases.store import schema
from cases.store.adding import add_new, adding
from cases.store.rows import PinnedLook, SavedWatch

_P = schema.pins
_W = schema.watches


def pin(connection: Connection, look: PinnedLook) -> bool:
    """Remember a pinned look. False: this violation has pinned this moment before."""
    row = {
        "violation_id": look.violation_id,
        "at_s": look.at_s,
        "camera_id": look.camera_id,
        "path": str(look.path),
    }
    return add_new(connection, _P, row)


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
    newest = {"snapshot": canonical_json(snapshot), "saved_at": now}
    connection.execute(
        adding(connection, _W)
        .values(camera_id=camera_id, **newest)
        .on_conflict_do_update(index_elements=[_W.c.camera_id], set_=newest)
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
