"""What becomes of a case after its delivery: its number, and what the case system says of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, update

from cases.store import schema, violation_rows
from cases.store.states import DeliveryState

_D = schema.deliveries
_A = schema.attempts
_H = schema.history

REMOTE_STATE: Final = "case system"
"""`HistoryEntry.what` of a state that was read back; its reason is the state as worded there."""


def posted_since(connection: Connection, since: datetime) -> tuple[datetime, ...]:
    """Return when posts left at or after `since`, oldest first."""
    query = select(_A.c.sent_at).where(_A.c.sent_at >= since).order_by(_A.c.sent_at)
    return tuple(connection.execute(query).scalars())


def numberless(connection: Connection, since: datetime, limit: int) -> tuple[tuple[str, str], ...]:
    """Return (delivery id, token) of delivered cases whose number has not come, oldest first."""
    query = (
        select(_D.c.delivery_id, _D.c.remote_token)
        .where(
            _D.c.state == DeliveryState.DELIVERED.value,
            _D.c.created_at >= since,
            _D.c.remote_case_id.is_(None),
            _D.c.remote_token.is_not(None),
        )
        .order_by(_D.c.created_at, _D.c.delivery_id)
    )
    rows = connection.execute(query.limit(limit)).all()
    return tuple((row.delivery_id, row.remote_token) for row in rows)


def numbered(connection: Connection, delivery_id: str, remote_case_id: str, now: datetime) -> bool:
    """Store the number that came after the token. False: it has one, nothing changed."""
    mine = _D.c.delivery_id == delivery_id
    violation_id = connection.execute(
        select(_D.c.violation_id).where(mine, _D.c.remote_case_id.is_(None))
    ).scalar_one_or_none()
    if violation_id is None:
        return False
    connection.execute(update(_D).where(mine).values(remote_case_id=remote_case_id, updated_at=now))
    violation_rows.add_history(connection, violation_id, "numbered", now, reason=remote_case_id)
    return True


def note_remote_state(connection: Connection, violation_id: str, said: str, now: datetime) -> bool:
    """Append what the case system says of a case. False: it said so before."""
    query = (
        select(_H.c.reason)
        .where(_H.c.violation_id == violation_id, _H.c.what == REMOTE_STATE)
        .order_by(_H.c.entry_id.desc())
    )
    last: Sequence[str] = connection.execute(query.limit(1)).scalars().all()
    if list(last) == [said]:
        return False
    violation_rows.add_history(connection, violation_id, REMOTE_STATE, now, reason=said)
    return True
