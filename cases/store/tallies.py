"""How many rows stand in each state, kept with every change instead of counted.

A writer only inserts what it changed, so writers never wait for each other; what has piled up is
folded into the totals now and then.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select

from cases.store import schema
from cases.store.adding import adding
from cases.store.states import DeliveryState, ViolationState

_T = schema.tallies
_C = schema.tally_changes

FOLD_AT: Final = 2000
"""Changes that may pile up; summing so many takes a millisecond."""
_PART: Final = 20_000

_CHANGE = insert(_C)

State = ViolationState | DeliveryState


def moved(connection: Connection, before: State | None, after: State | None) -> None:
    """Count a row that went from one state to another; None: it was not there before."""
    if before is not after:
        changes = ((before, -1), (after, 1))
        _add(connection, [(state, n) for state, n in changes if state is not None])


def entered(connection: Connection, *states: State) -> None:
    """Count rows that were not there before, one in each of these states."""
    _add(connection, [(state, 1) for state in states])


def _add(connection: Connection, changes: Iterable[tuple[State, int]]) -> None:
    connection.execute(_CHANGE, [{"what": _name(state), "n": n} for state, n in changes])


def totals(connection: Connection) -> tuple[dict[str, int], int]:
    """Return the count of every state by its name, and how many changes have piled up."""
    found: Counter[str] = Counter(
        {row.what: row.n for row in connection.execute(select(_T.c.what, _T.c.n))}
    )
    piled = 0
    query = select(_C.c.what, func.sum(_C.c.n).label("n"), func.count().label("rows_"))
    for row in connection.execute(query.group_by(_C.c.what)):
        found[row.what] += int(row.n)
        piled += row.rows_
    return dict(found), piled


def fold(connection: Connection) -> int:
    """Add changes that have piled up to the totals; returns how many there were."""
    first = connection.execute(select(func.min(_C.c.entry_id))).scalar()
    if first is None:
        return 0
    # What another folds at this moment is not returned to this one.
    gone = connection.execute(
        delete(_C).where(_C.c.entry_id < first + _PART).returning(_C.c.what, _C.c.n)
    ).all()
    sums: Counter[str] = Counter()
    for row in gone:
        sums[row.what] += row.n
    for what in sorted(sums):
        added: Any = adding(connection, _T).values(what=what, n=sums[what])
        connection.execute(
            added.on_conflict_do_update(
                index_elements=[_T.c.what], set_={"n": _T.c.n + added.excluded.n}
            )
        )
    return len(gone)


def violation_counts(found: dict[str, int]) -> dict[ViolationState, int]:
    """Pick the counts of violations out of all."""
    return {state: found.get(_name(state), 0) for state in ViolationState}


def delivery_counts(found: dict[str, int]) -> dict[DeliveryState, int]:
    """Pick the counts of messages out of all."""
    return {state: found.get(_name(state), 0) for state in DeliveryState}


def _name(state: State) -> str:
    family = "violation" if isinstance(state, ViolationState) else "delivery"
    return f"{family}:{state.value}"
