"""The order of messages about one violation: an update never overtakes its case.

A message that has to wait is `waiting`; whoever settles the one before it lets it go, in the same
transaction. The violation's row is the lock: whoever adds a message holds it as well.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, select, update

from cases.errors import WrongState
from cases.store import outbox, schema, tallies, violation_rows
from cases.store.states import Channel, DeliveryState, Message, Move, delivery_after

_D = schema.deliveries

_UNDER_WAY: Final = frozenset({DeliveryState.PENDING, DeliveryState.CLAIMED})
_NEVER: Final = frozenset({DeliveryState.REJECTED, DeliveryState.KEPT})
_STUCK: Final = frozenset({DeliveryState.DEAD, DeliveryState.UNRESOLVED})

_COLUMNS: Final[list[ColumnElement[Any]]] = [
    _D.c.delivery_id,
    _D.c.message,
    _D.c.state,
    _D.c.channel,
    _D.c.last_error,
    _D.c.created_at,
]

OVERTAKEN: Final = "the case came before its pre-alarm had left"


def put_in_order(connection: Connection, violation_id: str, now: datetime) -> None:
    """Let go, or keep, what waited for the message that has just been settled."""
    violation_rows.locked_state(connection, violation_id)
    rows = _rows(connection, violation_id)
    if len(rows) < 2:
        return
    for channel in Channel:
        _order(connection, [row for row in rows if row.channel == channel.value], now)


def add_update(
    connection: Connection,
    violation_id: str,
    message: Message,
    payload: Mapping[str, Any],
    now: datetime,
) -> tuple[str, ...]:
    """Add an update for everybody who was told of the violation; returns the ids.

    There is one clip: a second one changes nothing. NotFound; WrongState where nobody was told.
    """
    if not message.is_update:
        raise ValueError(f"{message} is no update")
    violation_rows.locked_state(connection, violation_id)
    rows = _rows(connection, violation_id)
    earlier = [row.delivery_id for row in rows if outbox.kind_of(row.message) is message]
    if message is Message.CLIP and earlier:
        return tuple(earlier)
    channels = [channel for channel in Channel if _told(rows, channel, message)]
    if not channels:
        raise WrongState(f"nobody was told of {violation_id}: there is nothing to update")
    # The order of messages is that of these times, whatever the host's clock does.
    made_at = max(now, rows[-1].created_at + timedelta(microseconds=1))
    ids = tuple(
        outbox.enqueue(
            connection,
            violation_id,
            message,
            payload,
            state=DeliveryState.WAITING,
            channel=channel,
            now=made_at,
            ordinal=ordinal,
        )
        for ordinal, channel in enumerate(channels, start=len(earlier) + 1)
    )
    put_in_order(connection, violation_id, now)
    return ids


def anybody_told(connection: Connection, violation_id: str) -> bool:
    """Tell whether a report or a pre-alarm of a violation is in the outbox."""
    found = select(_D.c.delivery_id).where(_D.c.violation_id == violation_id)
    return connection.execute(found.limit(1)).first() is not None


def report_state(
    connection: Connection, violation_id: str, channel: Channel, now: datetime
) -> DeliveryState:
    """Say how a report may stand beside its pre-alarm: one under way is waited for."""
    opened = _first(_rows(connection, violation_id), Message.OPENED, channel)
    if opened is None:
        return DeliveryState.PENDING
    _keep(connection, opened, OVERTAKEN, now, before=DeliveryState.PENDING)
    state = select(_D.c.state).where(_D.c.delivery_id == opened.delivery_id)
    claimed = connection.execute(state).scalar() == DeliveryState.CLAIMED.value
    return DeliveryState.WAITING if claimed else DeliveryState.PENDING


def _told(rows: Sequence[Row[Any]], channel: Channel, message: Message) -> bool:
    """Tell whether a channel has what an update of this kind belongs to."""
    if _first(rows, Message.REPORT, channel) is not None:
        return True
    return message is Message.CLEARED and _first(rows, Message.OPENED, channel) is not None


def _first(rows: Sequence[Row[Any]], message: Message, channel: Channel) -> Row[Any] | None:
    return next(
        (row for row in rows if row.message == message.value and row.channel == channel.value),
        None,
    )


def _rows(connection: Connection, violation_id: str) -> Sequence[Row[Any]]:
    query = (
        select(*_COLUMNS)
        .where(_D.c.violation_id == violation_id)
        .order_by(_D.c.created_at, _D.c.delivery_id)
    )
    return connection.execute(query).all()


def _order(connection: Connection, rows: Sequence[Row[Any]], now: datetime) -> None:
    named = {row.message: row for row in rows}
    report, opened = named.get(Message.REPORT.value), named.get(Message.OPENED.value)
    if report is not None and opened is not None:
        _case_after_alarm(connection, report, opened, now)
    base = report if report is not None else opened
    if base is None:
        return
    updates = [row for row in rows if outbox.kind_of(row.message).is_update]
    waiting = [row for row in updates if row.state == DeliveryState.WAITING.value]
    state = DeliveryState(base.state)
    if state in _NEVER:
        for row in waiting:
            _keep(connection, row, f"its {base.message} is {state}: {base.last_error}"[:500], now)
    elif state in _STUCK:
        for row in waiting:
            _note(connection, row, f"waits: its {base.message} is {state}", now)
    elif waiting and state is DeliveryState.DELIVERED and not _any_under_way(updates):
        _release(connection, waiting[0], now)


def _any_under_way(rows: Sequence[Row[Any]]) -> bool:
    return any(DeliveryState(row.state) in _UNDER_WAY for row in rows)


def _case_after_alarm(
    connection: Connection, report: Row[Any], opened: Row[Any], now: datetime
) -> None:
    """Keep a pre-alarm that has not left; let the case go once it has."""
    if DeliveryState(report.state) is DeliveryState.HELD:
        return
    if DeliveryState(opened.state) is DeliveryState.PENDING:
        _keep(connection, opened, OVERTAKEN, now, before=DeliveryState.PENDING)
    if report.state == DeliveryState.WAITING.value and (
        DeliveryState(opened.state) is not DeliveryState.CLAIMED
    ):
        _release(connection, report, now)


def _release(connection: Connection, row: Row[Any], now: datetime) -> None:
    after = delivery_after(DeliveryState.WAITING, Move.FOLLOW)
    values = {"state": after.value, "next_attempt_at": now, "last_error": ""}
    _changed(connection, row, DeliveryState.WAITING, after, values, now)


def _keep(
    connection: Connection,
    row: Row[Any],
    reason: str,
    now: datetime,
    *,
    before: DeliveryState = DeliveryState.WAITING,
) -> None:
    after = delivery_after(before, Move.KEEP)
    _changed(connection, row, before, after, {"state": after.value, "last_error": reason}, now)


def _note(connection: Connection, row: Row[Any], text: str, now: datetime) -> None:
    if row.last_error != text:
        _changed(connection, row, DeliveryState.WAITING, None, {"last_error": text}, now)


def _changed(
    connection: Connection,
    row: Row[Any],
    before: DeliveryState,
    after: DeliveryState | None,
    values: Mapping[str, Any],
    now: datetime,
) -> None:
    """Change a message that still stands where it was seen; a courier may have claimed it."""
    done = connection.execute(
        update(_D)
        .where(_D.c.delivery_id == row.delivery_id, _D.c.state == before.value)
        .values(updated_at=now, **values)
    )
    if after is not None and done.rowcount:
        tallies.moved(connection, before, after)
