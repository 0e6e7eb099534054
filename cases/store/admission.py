"""Whether a case may go out by itself: bursts are held for a person, and so are silenced places.

A camera that is shaken, or a whole city's in a storm, confirms whatever it sees. What goes beyond
a cap is kept and listed, and posted only at a person's word.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, select

from cases.store import schema, silences
from cases.store.database import POSTGRESQL
from cases.store.states import Review
from detectors import Violation

_V = schema.violations

_ONE_AT_A_TIME = select(func.pg_advisory_xact_lock(0x5CA9))
"""Held until the transaction ends. The number is ours in the site's own database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many cases may go out by themselves in any `per_s` seconds; None: as many as come."""

    camera_kind: int | None
    """Of one kind, of one camera."""
    site: int | None
    per_s: float


def reason_to_hold(
    connection: Connection,
    violation: Violation,
    limits: Limits | None,
    now: datetime,
    also: Iterable[silences.Where] = (),
) -> str:
    """Say why a confirmed violation has to wait for a person; empty: it need not.

    `also` are zones of other cameras that show the same place.
    """
    silence = silences.silencing(connection, violation, now, also)
    if silence is not None:
        until = silence.until_at.isoformat(timespec="seconds")
        other = silence.camera_id != violation.camera_id
        seen_by = f", as {silence.camera_id} saw it" if other else ""
        return f"silenced until {until}: {silence.violation_id} was rejected here{seen_by}"
    if limits is None:
        return ""
    if connection.dialect.name == POSTGRESQL:
        # Who counts at the same moment would not see this one; SQLite has one writer anyway.
        connection.execute(_ONE_AT_A_TIME)
    return _burst(connection, violation, limits, now)


def _burst(connection: Connection, violation: Violation, limits: Limits, now: datetime) -> str:
    since = now - timedelta(seconds=limits.per_s)
    free = _V.c.review == Review.NONE.value, _V.c.confirmed_at > since
    own = _V.c.camera_id == violation.camera_id, _V.c.kind == violation.kind
    if limits.camera_kind is not None:
        count = _count(connection, (*own, *free), limits.camera_kind)
        if count >= limits.camera_kind:
            return (
                f"burst: {count} of {violation.kind} from {violation.camera_id} "
                f"in {limits.per_s:g} s"
            )
    if limits.site is not None:
        count = _count(connection, free, limits.site)
        if count >= limits.site:
            return f"burst: {count} cases of the site in {limits.per_s:g} s"
    return ""


def _count(connection: Connection, which: tuple[ColumnElement[bool], ...], cap: int) -> int:
    """Count rows, no further than the cap: an index gives them."""
    some = select(_V.c.violation_id).where(*which).limit(cap).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())
