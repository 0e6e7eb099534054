"""Violations and their history in the store."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from cases.errors import NotFound
from cases.evidence import Evidence
from cases.record import canonical_json, violation_record
from cases.store import schema, tallies
from cases.store.adding import add_new
from cases.store.rows import Case, HistoryEntry
from cases.store.states import WITNESS, WITNESS_OF, Review, ViolationState, violation_after
from detectors import Change, Violation

_V = schema.violations
_H = schema.history

_NOTE = insert(_H)


def add_opened(connection: Connection, violation: Violation, now: datetime) -> bool:
    """Add a violation as opened. False: it was there before, and nothing was changed."""
    if not add_new(connection, _V, _opened(violation, now)):
        return False
    tallies.moved(connection, None, ViolationState.OPENED)
    add_history(connection, violation.violation_id, Change.OPENED.value, now)
    return True


def add_confirmed(
    connection: Connection,
    violation: Violation,
    evidence: Evidence | None,
    review: Review,
    reason: str,
    now: datetime,
) -> bool:
    """Add a violation as opened and confirmed at once. False: it was there, nothing changed.

    It is counted together with its report (`outbox.enqueue`).
    """
    row = _opened(violation, now) | _confirmed(evidence, review, now)
    row |= {"state": ViolationState.CONFIRMED.value, "reason": reason}
    if not add_new(connection, _V, row):
        return False
    same = {"violation_id": violation.violation_id, "at": now, "by": ""}
    entries = (Change.OPENED.value, ""), (Change.CONFIRMED.value, reason)
    connection.execute(_NOTE, [{**same, "what": what, "reason": why} for what, why in entries])
    return True


def _opened(violation: Violation, now: datetime) -> dict[str, Any]:
    return {
        "violation_id": violation.violation_id,
        "camera_id": violation.camera_id,
        "zone_id": violation.zone_id,
        "kind": violation.kind,
        "state": ViolationState.OPENED.value,
        "review": Review.NONE.value,
        "reason": "",
        "opened_at": violation.opened_at,
        "created_at": now,
        "updated_at": now,
        **_facts(violation),
    }


def _confirmed(evidence: Evidence | None, review: Review, now: datetime) -> dict[str, Any]:
    return {
        "confirmed_at": now,
        "review": review.value,
        "evidence_folder": None if evidence is None else str(evidence.folder),
        "manifest_sha256": None if evidence is None else evidence.manifest_sha256,
    }


def change(
    connection: Connection, violation: Violation, what: Change, reason: str, now: datetime
) -> bool:
    """Move a violation along its life. False: it stands there already; WrongState, NotFound."""
    state = locked_state(connection, violation.violation_id)
    if what is not Change.UPDATED and state.value == what.value:
        return False
    after = violation_after(state, what)
    connection.execute(
        update(_V)
        .where(_V.c.violation_id == violation.violation_id)
        .values(state=after.value, reason=reason, updated_at=now, **_facts(violation))
    )
    tallies.moved(connection, state, after)
    add_history(connection, violation.violation_id, what.value, now, reason=reason)
    return True


def set_confirmed(
    connection: Connection,
    violation_id: str,
    evidence: Evidence | None,
    review: Review,
    now: datetime,
) -> None:
    """Add to a violation what only a confirmation brings."""
    connection.execute(
        update(_V)
        .where(_V.c.violation_id == violation_id)
        .values(**_confirmed(evidence, review, now))
    )


def set_review(connection: Connection, violation_id: str, review: Review, now: datetime) -> None:
    """Store a person's verdict."""
    connection.execute(
        update(_V)
        .where(_V.c.violation_id == violation_id)
        .values(review=review.value, updated_at=now)
    )


def add_history(
    connection: Connection,
    violation_id: str,
    what: str,
    now: datetime,
    *,
    by: str = "",
    reason: str = "",
) -> None:
    """Append to what happened to a violation."""
    entry = {"violation_id": violation_id, "at": now, "what": what, "by": by, "reason": reason}
    connection.execute(_NOTE, entry)


def link_witness(
    connection: Connection, first_id: str, violation: Violation, now: datetime
) -> None:
    """Say in both histories that a violation is another one, seen by a second camera. NotFound.

    Without a first one there is nothing to say.
    """
    if not first_id:
        return
    locked_state(connection, first_id)
    second_id = violation.violation_id
    add_history(connection, first_id, WITNESS, now, by=violation.camera_id, reason=second_id)
    add_history(connection, second_id, WITNESS_OF, now, reason=first_id)


def locked_state(connection: Connection, violation_id: str) -> ViolationState:
    """Where a violation stands, and stays until this transaction ends. NotFound."""
    found = connection.execute(
        select(_V.c.state).where(_V.c.violation_id == violation_id).with_for_update(key_share=True)
    ).scalar_one_or_none()
    if found is None:
        raise NotFound(f"no violation has the id {violation_id}")
    return ViolationState(found)


def one(connection: Connection, violation_id: str, *, locked: bool = False) -> Case:
    """Return one violation, for this transaction to change where it is `locked`. NotFound."""
    query = select(_V).where(_V.c.violation_id == violation_id)
    if locked:
        query = query.with_for_update(key_share=True)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"no case has the id {violation_id}")
    return _read(row)


def listed(
    connection: Connection,
    *,
    states: Iterable[ViolationState] | None,
    reviews: Iterable[Review] | None,
    camera_id: str | None,
    before: datetime | None,
    limit: int,
) -> tuple[Case, ...]:
    """Return violations, the newest opened first."""
    query = select(_V).order_by(_V.c.opened_at.desc(), _V.c.violation_id).limit(limit)
    if camera_id is not None:
        query = query.where(_V.c.camera_id == camera_id)
    if before is not None:
        query = query.where(_V.c.opened_at < before)
    rows = [row for part in _parts(query, states, reviews) for row in connection.execute(part)]
    rows.sort(key=lambda row: row.violation_id)
    rows.sort(key=lambda row: row.opened_at, reverse=True)
    return tuple(_read(row) for row in rows[:limit])


def _parts(
    query: Select[Any], states: Iterable[ViolationState] | None, reviews: Iterable[Review] | None
) -> Iterator[Select[Any]]:
    """Split a list by state and review: an index gives each part newest first, none several."""
    if states is None and reviews is None:
        yield query
        return
    for state in dict.fromkeys(states if states is not None else ViolationState):
        part = query.where(_V.c.state == state.value)
        if reviews is None:
            yield part
        else:
            for review in dict.fromkeys(reviews):
                yield part.where(_V.c.review == review.value)


def history_of(connection: Connection, violation_id: str) -> tuple[HistoryEntry, ...]:
    """Return what happened to a violation, oldest first."""
    query = select(_H).where(_H.c.violation_id == violation_id).order_by(_H.c.entry_id)
    return tuple(
        HistoryEntry(at=row.at, what=row.what, by=row.by, reason=row.reason)
        for row in connection.execute(query)
    )


def _facts(violation: Violation) -> dict[str, Any]:
    return {
        "last_at": violation.last_at,
        "dwell_s": violation.dwell_s,
        "record": canonical_json(violation_record(violation)),
    }


def _read(row: Row[Any]) -> Case:
    folder: str | None = row.evidence_folder
    return Case(
        violation_id=row.violation_id,
        camera_id=row.camera_id,
        zone_id=row.zone_id,
        kind=row.kind,
        record=row.record,
        state=ViolationState(row.state),
        review=Review(row.review),
        reason=row.reason,
        confirmed_at=row.confirmed_at,
        evidence_folder=None if folder is None else Path(folder),
        manifest_sha256=row.manifest_sha256,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
