"""Questions to a camera about a case that is said to be dealt with, and their answers."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from cases.errors import NotFound
from cases.store import order_rows, schema, violation_rows
from cases.store.database import Database
from cases.store.rows import SecondLook
from cases.store.states import Answer, Message

_L = schema.second_looks


class SecondLooks:
    """The second looks of a store. A request is there until it is answered."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def ask(self, violation_id: str, *, by: str, reason: str = "") -> bool:
        """Ask for a second look. False: one is waited for already. NotFound."""
        with self._database.write() as connection:
            return ask(connection, violation_id, by=by, reason=reason, now=self._now())

    def open(self, *, limit: int = 1000) -> tuple[SecondLook, ...]:
        """Return what has not been answered yet, oldest first."""
        query = select(_L).where(_L.c.answered_at.is_(None)).order_by(_L.c.asked_at)
        with self._database.read() as connection:
            return tuple(_read(row) for row in connection.execute(query.limit(limit)))

    def of(self, violation_id: str) -> tuple[SecondLook, ...]:
        """Return the second looks at one violation, oldest first."""
        query = select(_L).where(_L.c.violation_id == violation_id).order_by(_L.c.request_id)
        with self._database.read() as connection:
            return tuple(_read(row) for row in connection.execute(query))

    def answer(
        self, request_id: int, answer: Answer, why: str, payload: Mapping[str, Any] | None
    ) -> bool:
        """Store an answer and, with a payload, its update. False: it was answered. NotFound."""
        now = self._now()
        with self._database.write() as connection:
            query = select(_L).where(_L.c.request_id == request_id)
            row = connection.execute(query.with_for_update()).one_or_none()
            if row is None:
                raise NotFound(f"there is no second look {request_id}")
            if row.answered_at is not None:
                return False
            connection.execute(
                update(_L)
                .where(_L.c.request_id == request_id)
                .values(answered_at=now, answer=answer.value, why=why)
            )
            what = f"second look: {answer.value}"
            violation_rows.add_history(connection, row.violation_id, what, now, reason=why)
            if payload is not None:
                order_rows.add_update(connection, row.violation_id, Message.ANSWER, payload, now)
        return True


def ask(connection: Connection, violation_id: str, *, by: str, reason: str, now: datetime) -> bool:
    """Ask inside a transaction. False: one is waited for already. NotFound."""
    violation_rows.locked_state(connection, violation_id)
    waited = select(_L.c.request_id).where(
        _L.c.violation_id == violation_id, _L.c.answered_at.is_(None)
    )
    if connection.execute(waited).first() is not None:
        return False
    case = violation_rows.one(connection, violation_id)
    connection.execute(
        insert(_L).values(
            violation_id=violation_id,
            camera_id=case.violation.camera_id,
            asked_at=now,
            asked_by=by,
            reason=reason,
            why="",
        )
    )
    violation_rows.add_history(
        connection, violation_id, "second look asked", now, by=by, reason=reason
    )
    return True


def _read(row: Row[Any]) -> SecondLook:
    return SecondLook(
        request_id=row.request_id,
        violation_id=row.violation_id,
        camera_id=row.camera_id,
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        reason=row.reason,
        answered_at=row.answered_at,
        answer=None if row.answer is None else Answer(row.answer),
        why=row.why,
    )
