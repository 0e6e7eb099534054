"""The outbox: frozen messages, claimed under a lease, one row per attempt.

A claim is named by its owner and its number (`lease_owner`, `attempts`): whoever lost it can no
longer move the row. `sent_at` is set right before a post leaves and stays until the attempt is
settled, so that whoever claims the row next knows to look the case up before posting again.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, insert, select, update

from cases.errors import LeaseLost, NotFound
from cases.record import canonical_json
from cases.store import schema, tallies
from cases.store.rows import Attempt, Delivery, case_key
from cases.store.states import (
    AttemptOutcome,
    Channel,
    DeliveryState,
    Message,
    Move,
    Standing,
    ViolationState,
    delivery_after,
)

_D = schema.deliveries
_A = schema.attempts
_V = schema.violations

_OF_VIOLATION = {"camera_id", "zone_id", "kind"}
_JOINED: Select[Any] = select(
    *((_V if field.name in _OF_VIOLATION else _D).c[field.name] for field in fields(Delivery))
).join_from(_D, _V, _V.c.violation_id == _D.c.violation_id)
"""Messages, columns in the order of `Delivery`'s fields."""


_ENQUEUE = insert(_D)


def delivery_id_of(violation_id: str, message: Message, ordinal: int = 1) -> str:
    """Name of a message about a violation: its first of this kind, or a later one."""
    return f"{violation_id}-{_name(message, ordinal)}"


def _name(message: Message, ordinal: int) -> str:
    return message.value if ordinal == 1 else f"{message.value}-{ordinal}"


def kind_of(name: str) -> Message:
    """Read the kind out of a message's name, such as cleared-2."""
    return Message(name.partition("-")[0])


def enqueue(
    connection: Connection,
    violation_id: str,
    message: Message,
    payload: Mapping[str, Any],
    *,
    state: DeliveryState,
    channel: Channel,
    now: datetime,
    ordinal: int = 1,
    error: str = "",
    entered: ViolationState | None = None,
) -> str:
    """Add a message; the database refuses a second one of its name. Returns its id.

    `entered` counts the violation that came in with it.
    """
    delivery_id = delivery_id_of(violation_id, message, ordinal)
    connection.execute(
        _ENQUEUE,
        {
            "delivery_id": delivery_id,
            "violation_id": violation_id,
            "message": _name(message, ordinal),
            "case_key": case_key(violation_id),
            "payload": canonical_json(payload),
            "state": state.value,
            "attempts": 0,
            "next_attempt_at": now,
            "last_error": error,
            "created_at": now,
            "updated_at": now,
            "channel": channel.value,
        },
    )
    tallies.entered(connection, state, *(() if entered is None else (entered,)))
    return delivery_id


def exists(connection: Connection, delivery_id: str) -> bool:
    """Tell whether a message is in the outbox."""
    found = select(_D.c.delivery_id).where(_D.c.delivery_id == delivery_id)
    return connection.execute(found).first() is not None


def claim(
    connection: Connection,
    owner: str,
    *,
    lease_s: float,
    now: datetime,
    limit: int,
    channel: Channel,
) -> tuple[Delivery, ...]:
    """Take up to `limit` due messages, the longest due first, and those of expired leases."""
    mine = _D.c.channel == channel.value
    due = mine, _D.c.state == DeliveryState.PENDING.value, _D.c.next_attempt_at <= now
    expired = mine, _D.c.state == DeliveryState.CLAIMED.value, _D.c.lease_until <= now
    rows = [*_lock(connection, due, limit), *_lock(connection, expired, limit)]
    rows.sort(key=lambda row: (row.next_attempt_at, row.created_at, row.delivery_id))
    until = now + timedelta(seconds=lease_s)
    return tuple(_take(connection, row, owner, until, now) for row in rows[:limit])


def _lock(
    connection: Connection, which: tuple[ColumnElement[bool], ...], limit: int
) -> Sequence[Row[Any]]:
    """Find the longest due rows. On PostgreSQL couriers step over the rows of each other.

    SQLite has one writer, and no such words.
    """
    order = (_D.c.next_attempt_at, _D.c.created_at, _D.c.delivery_id)
    chosen = _JOINED.where(*which).order_by(*order).limit(limit)
    return connection.execute(chosen.with_for_update(of=_D, skip_locked=True, key_share=True)).all()


def _take(
    connection: Connection, row: Row[Any], owner: str, until: datetime, now: datetime
) -> Delivery:
    if row.state == DeliveryState.CLAIMED.value:
        _end_attempt(connection, row.delivery_id, AttemptOutcome.EXPIRED, now=now)
    state = delivery_after(row_state := DeliveryState(row.state), Move.CLAIM)
    number = row.attempts + 1
    claim_of = {"attempts": number, "lease_owner": owner, "lease_until": until}
    _move(connection, row.delivery_id, row_state, state, now, **claim_of)
    attempt = {"number": number, "owner": owner, "started_at": now, "error": ""}
    connection.execute(insert(_A), {"delivery_id": row.delivery_id, **attempt})
    return replace(_delivery(row), state=state, updated_at=now, **claim_of)


def sending(connection: Connection, claimed: Delivery, now: datetime) -> datetime:
    """Mark that a post leaves now; returns the end of the lease. LeaseLost when it is not ours.

    A person's decision to post again is used up by it: it allowed one post.
    """
    row = _ours(connection, claimed)
    if row.lease_until is None or row.lease_until <= now:
        raise LeaseLost(f"delivery {claimed.delivery_id}: the lease has run out")
    until: datetime = row.lease_until
    _set(connection, claimed.delivery_id, now, sent_at=now, post_again_by=None)
    connection.execute(
        update(_A)
        .where(_A.c.delivery_id == claimed.delivery_id, _A.c.number == claimed.attempts)
        .values(sent_at=now)
    )
    return until


def delivered(
    connection: Connection,
    claimed: Delivery,
    remote_case_id: str | None,
    remote_token: str | None,
    now: datetime,
) -> bool:
    """Settle it as arrived, whoever holds it now. False: it was settled so before."""
    row = _row(connection, claimed.delivery_id)
    if row.state == DeliveryState.DELIVERED.value:
        return False
    state = delivery_after(before := DeliveryState(row.state), Move.DELIVER)
    _end_attempt(
        connection, claimed.delivery_id, AttemptOutcome.DELIVERED, now=now, number=claimed.attempts
    )
    _move(
        connection,
        claimed.delivery_id,
        before,
        state,
        now,
        remote_case_id=remote_case_id,
        remote_token=remote_token,
        delivered_at=now,
        lease_owner=None,
        lease_until=None,
        sent_at=None,
        last_error="",
    )
    return True


def retry_later(
    connection: Connection,
    claimed: Delivery,
    *,
    next_at: datetime,
    error: str,
    maybe_sent: bool,
    now: datetime,
) -> None:
    """Give it back to be tried again at `next_at`."""
    row = _ours(connection, claimed)
    changes: dict[str, Any] = {"next_attempt_at": next_at}
    if not maybe_sent:
        changes["sent_at"] = None
    _settle(connection, row, Move.RETRY, AttemptOutcome.RETRY, error, now, changes)


def dead(connection: Connection, claimed: Delivery, error: str, now: datetime) -> None:
    """Stop trying: the case system refuses it for good and has not taken it."""
    row = _ours(connection, claimed)
    _settle(connection, row, Move.BURY, AttemptOutcome.DEAD, error, now, {"sent_at": None})


def unresolved(connection: Connection, claimed: Delivery, error: str, now: datetime) -> None:
    """Stop trying: it may have arrived and nobody can be asked."""
    row = _ours(connection, claimed)
    _settle(connection, row, Move.DOUBT, AttemptOutcome.UNRESOLVED, error, now, {})


def keep(connection: Connection, claimed: Delivery, reason: str, now: datetime) -> None:
    """Stop: the case system has no place for it, and it is shown here only."""
    row = _ours(connection, claimed)
    _settle(connection, row, Move.KEEP, AttemptOutcome.KEPT, reason, now, {"sent_at": None})


def hold(connection: Connection, claimed: Delivery, reason: str, now: datetime) -> None:
    """Give it to a person: it was not posted, and cannot be as it is."""
    row = _ours(connection, claimed)
    _settle(connection, row, Move.HOLD, AttemptOutcome.HELD, reason, now, {"sent_at": None})


def release(connection: Connection, owner: str, now: datetime) -> int:
    """Give back everything this owner has claimed; what may have been sent keeps its mark."""
    mine = select(_D).where(_D.c.state == DeliveryState.CLAIMED.value, _D.c.lease_owner == owner)
    rows = connection.execute(mine.with_for_update(key_share=True)).all()
    for row in rows:
        _settle(connection, row, Move.RELEASE, AttemptOutcome.RELEASED, "", now, {})
    return len(rows)


def requeue(connection: Connection, delivery_id: str, by: str, now: datetime) -> None:
    """Post it again, now: a person says so. What may be there is still looked up first."""
    row = _row(connection, delivery_id)
    state = delivery_after(before := DeliveryState(row.state), Move.REQUEUE)
    changes: dict[str, Any] = {"next_attempt_at": now}
    if row.sent_at is not None:
        changes["post_again_by"] = by
    _move(connection, delivery_id, before, state, now, **changes)


def review(connection: Connection, violation_id: str, move: Move, now: datetime) -> int:
    """Approve or reject every held message of a violation; returns how many there were."""
    held = select(_D.c.delivery_id).where(
        _D.c.violation_id == violation_id, _D.c.state == DeliveryState.HELD.value
    )
    ids = connection.execute(held.with_for_update(key_share=True)).scalars().all()
    for delivery_id in ids:
        state = delivery_after(DeliveryState.HELD, move)
        _move(connection, delivery_id, DeliveryState.HELD, state, now, next_attempt_at=now)
    return len(ids)


def one(connection: Connection, delivery_id: str) -> Delivery:
    """Return one message. NotFound."""
    rows = _read(connection.execute(_JOINED.where(_D.c.delivery_id == delivery_id)).all())
    if not rows:
        raise NotFound(f"no delivery has the id {delivery_id}")
    return rows[0]


def listed(
    connection: Connection,
    *,
    states: Iterable[DeliveryState] | None,
    violation_id: str | None,
    limit: int,
) -> tuple[Delivery, ...]:
    """Return messages, the newest first."""
    query = _JOINED.order_by(_D.c.created_at.desc(), _D.c.delivery_id).limit(limit)
    if violation_id is not None:
        query = query.where(_D.c.violation_id == violation_id)
    if states is None:
        return _read(connection.execute(query).all())
    # State by state: an index gives each of them newest first, and none of several at once.
    rows = [
        row
        for state in dict.fromkeys(states)
        for row in connection.execute(query.where(_D.c.state == state.value))
    ]
    rows.sort(key=lambda row: row.delivery_id)
    rows.sort(key=lambda row: row.created_at, reverse=True)
    return _read(rows[:limit])


def attempts_of(connection: Connection, violation_id: str) -> tuple[Attempt, ...]:
    """Return every try to deliver a message about this violation, oldest first."""
    query = (
        select(_A)
        .join(_D, _D.c.delivery_id == _A.c.delivery_id)
        .where(_D.c.violation_id == violation_id)
        .order_by(_A.c.started_at, _A.c.delivery_id, _A.c.number)
    )
    return tuple(
        Attempt(
            delivery_id=row.delivery_id,
            number=row.number,
            owner=row.owner,
            started_at=row.started_at,
            sent_at=row.sent_at,
            ended_at=row.ended_at,
            outcome=None if row.outcome is None else AttemptOutcome(row.outcome),
            error=row.error,
        )
        for row in connection.execute(query)
    )


def oldest_due_at(connection: Connection) -> datetime | None:
    """When the longest waiting message was due."""
    waiting = (DeliveryState.PENDING, DeliveryState.CLAIMED)
    # One by one, each is the first entry of an index; together they would be read whole.
    found = [
        at
        for channel in Channel
        for state in waiting
        if (
            at := connection.execute(
                select(func.min(_D.c.next_attempt_at)).where(
                    _D.c.channel == channel.value, _D.c.state == state.value
                )
            ).scalar()
        )
    ]
    return min(found, default=None)


def _row(connection: Connection, delivery_id: str) -> Row[Any]:
    """Read a message that this transaction is about to move; others wait for it."""
    query = select(_D).where(_D.c.delivery_id == delivery_id).with_for_update(key_share=True)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"no delivery has the id {delivery_id}")
    return row


def _ours(connection: Connection, claimed: Delivery) -> Row[Any]:
    row = _row(connection, claimed.delivery_id)
    held = (row.state, row.lease_owner, row.attempts)
    if held != (DeliveryState.CLAIMED.value, claimed.lease_owner, claimed.attempts):
        raise LeaseLost(
            f"delivery {claimed.delivery_id}: claim {claimed.attempts} of {claimed.lease_owner} "
            f"is over; the row is {row.state} at claim {row.attempts}"
        )
    return row


def _settle(
    connection: Connection,
    row: Row[Any],
    move: Move,
    outcome: AttemptOutcome,
    error: str,
    now: datetime,
    changes: Mapping[str, Any],
) -> None:
    state = delivery_after(before := DeliveryState(row.state), move)
    _end_attempt(connection, row.delivery_id, outcome, now=now, number=row.attempts, error=error)
    _move(
        connection,
        row.delivery_id,
        before,
        state,
        now,
        lease_owner=None,
        lease_until=None,
        last_error=error,
        **changes,
    )


def _set(connection: Connection, delivery_id: str, now: datetime, **changes: Any) -> None:
    connection.execute(
        update(_D).where(_D.c.delivery_id == delivery_id).values(updated_at=now, **changes)
    )


def _move(
    connection: Connection,
    delivery_id: str,
    before: DeliveryState,
    after: DeliveryState,
    now: datetime,
    **changes: Any,
) -> None:
    _set(connection, delivery_id, now, state=after.value, **changes)
    tallies.moved(connection, before, after)


def _end_attempt(
    connection: Connection,
    delivery_id: str,
    outcome: AttemptOutcome,
    *,
    now: datetime,
    number: int | None = None,
    error: str = "",
) -> None:
    open_ones = update(_A).where(_A.c.delivery_id == delivery_id, _A.c.ended_at.is_(None))
    if number is not None:
        open_ones = open_ones.where(_A.c.number == number)
    connection.execute(open_ones.values(ended_at=now, outcome=outcome.value, error=error))


def _read(rows: Sequence[Row[Any]]) -> tuple[Delivery, ...]:
    return tuple(_delivery(row) for row in rows)


def _delivery(row: Row[Any]) -> Delivery:
    values: list[Any] = list(row)
    message, _, payload, state = values[5:9]
    values[5], values[7], values[8] = kind_of(message), json.loads(payload), DeliveryState(state)
    channel, standing = values[-2:]
    values[-2:] = Channel(channel), None if standing is None else Standing(standing)
    return Delivery(*values)
