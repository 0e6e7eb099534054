"""What becomes of a case after its delivery: its number, and what the case system says of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select, update

from cases.store import schema, second_looks, silences, violation_rows
from cases.store.states import Channel, DeliveryState, Message, Review, Standing

_D = schema.deliveries
_A = schema.attempts
_H = schema.history

REMOTE_STATE: Final = "case system"
"""`HistoryEntry.what` of a state that was read back; its reason is the state as worded there."""

CASE_SYSTEM: Final = "case system"
"""Who has decided, where the case system has."""

_ENDED: Final = tuple(standing.value for standing in Standing if standing.ends)


@dataclass(frozen=True, slots=True)
class RemoteWord:
    """What a case system says of a case."""

    said: str
    """As worded there."""
    standing: Standing | None = None
    """What that means; None where nobody has told."""


def posted_since(connection: Connection, since: datetime, channel: Channel) -> tuple[datetime, ...]:
    """Return when posts to a channel left at or after `since`, oldest first."""
    # From the few attempts to their messages, never the other way round.
    mine = exists().where(_D.c.delivery_id == _A.c.delivery_id, _D.c.channel == channel.value)
    query = select(_A.c.sent_at).where(_A.c.sent_at >= since, mine).order_by(_A.c.sent_at)
    return tuple(connection.execute(query).scalars())


def _delivered(channel: Channel) -> tuple[ColumnElement[bool], ...]:
    return (
        _D.c.state == DeliveryState.DELIVERED.value,
        _D.c.message == Message.REPORT.value,
        _D.c.channel == channel.value,
    )


def shown(
    connection: Connection, since: datetime, channel: Channel, *, numbered: bool
) -> tuple[str, datetime] | None:
    """Return (case key, when it was put into the outbox) of the newest case that has arrived."""
    number = _D.c.remote_case_id
    query = (
        select(_D.c.case_key, _D.c.created_at)
        .where(
            *_delivered(channel),
            _D.c.created_at >= since,
            number.is_not(None) if numbered else number.is_(None),
        )
        .order_by(_D.c.created_at.desc())
    )
    row = connection.execute(query.limit(1)).first()
    return None if row is None else (row.case_key, row.created_at)


def first_doubtful(connection: Connection, channel: Channel) -> tuple[str, int] | None:
    """Return (id, posts so far) of the oldest report that may have arrived and is not settled."""
    open_ones = DeliveryState.PENDING, DeliveryState.CLAIMED
    posts = select(func.count()).where(
        _A.c.delivery_id == _D.c.delivery_id, _A.c.sent_at.is_not(None)
    )
    query = (
        select(_D.c.delivery_id, posts.scalar_subquery())
        .where(
            _D.c.channel == channel.value,
            _D.c.state.in_([state.value for state in open_ones]),
            _D.c.message == Message.REPORT.value,
            _D.c.sent_at.is_not(None),
        )
        .order_by(_D.c.created_at, _D.c.delivery_id)
    )
    row = connection.execute(query.limit(1)).first()
    return None if row is None else (row[0], row[1])


def numberless(
    connection: Connection, since: datetime, limit: int, channel: Channel
) -> tuple[tuple[str, str], ...]:
    """Return (delivery id, token) of delivered cases whose number has not come, oldest first."""
    query = (
        select(_D.c.delivery_id, _D.c.remote_token)
        .where(
            *_delivered(channel),
            _D.c.created_at >= since,
            _D.c.remote_case_id.is_(None),
            _D.c.remote_token.is_not(None),
        )
        .order_by(_D.c.created_at, _D.c.delivery_id)
    )
    rows = connection.execute(query.limit(limit)).all()
    return tuple((row.delivery_id, row.remote_token) for row in rows)


def going_on(
    connection: Connection, since: datetime, limit: int, channel: Channel
) -> tuple[tuple[str, str], ...]:
    """Return (number, violation id) of delivered cases that have not ended, newest first."""
    query = (
        select(_D.c.remote_case_id, _D.c.violation_id)
        .where(
            *_delivered(channel),
            _D.c.created_at >= since,
            _D.c.remote_case_id.is_not(None),
            or_(_D.c.standing.is_(None), _D.c.standing.not_in(_ENDED)),
        )
        .order_by(_D.c.created_at.desc(), _D.c.delivery_id)
    )
    rows = connection.execute(query.limit(limit)).all()
    return tuple((row.remote_case_id, row.violation_id) for row in rows)


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


def note(
    connection: Connection,
    violation_id: str,
    word: RemoteWord,
    channel: Channel,
    now: datetime,
    *,
    silence_s: float,
) -> bool:
    """Append what the case system says of a case, and do what it means. False: said before.

    Dealt with: the camera is asked to look again. A false alarm: a verdict, as a person's.
    """
    query = (
        select(_H.c.reason)
        .where(_H.c.violation_id == violation_id, _H.c.what == REMOTE_STATE)
        .order_by(_H.c.entry_id.desc())
    )
    last: Sequence[str] = connection.execute(query.limit(1)).scalars().all()
    if list(last) == [word.said]:
        return False
    violation_rows.add_history(connection, violation_id, REMOTE_STATE, now, reason=word.said)
    if word.standing is None:
        return True
    mine = _D.c.violation_id == violation_id, _D.c.message == Message.REPORT.value
    row = select(_D.c.standing).where(*mine, _D.c.channel == channel.value)
    before = connection.execute(row).scalar()
    connection.execute(
        update(_D).where(*mine, _D.c.channel == channel.value).values(standing=word.standing.value)
    )
    if before == word.standing.value:
        return True
    if word.standing is Standing.DEALT_WITH:
        second_looks.ask(connection, violation_id, by=CASE_SYSTEM, reason=word.said, now=now)
    elif word.standing is Standing.FALSE_ALARM:
        refute(
            connection, violation_id, by=CASE_SYSTEM, reason=word.said, now=now, silence_s=silence_s
        )
    return True


def refute(
    connection: Connection,
    violation_id: str,
    *,
    by: str,
    reason: str,
    now: datetime,
    silence_s: float,
) -> bool:
    """Store that a case that went out was a false alarm. False: it was rejected before."""
    case = violation_rows.one(connection, violation_id, locked=True)
    if case.review is Review.REJECTED:
        return False
    violation_rows.set_review(connection, violation_id, Review.REJECTED, now)
    violation_rows.add_history(
        connection, violation_id, Review.REJECTED.value, now, by=by, reason=reason
    )
    silences.add(connection, case.violation, by=by, reason=reason, now=now, for_s=silence_s)
    return True
