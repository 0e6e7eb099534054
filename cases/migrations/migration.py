"""Bring a database to the newest version, step by step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, inspect, text

from cases.errors import StoreTooNew
from cases.utc_time import utc_text

_RECORDS = (
    "CREATE TABLE IF NOT EXISTS migrations "
    "(version INTEGER NOT NULL, name VARCHAR(128) NOT NULL, applied_at VARCHAR(32) NOT NULL, "
    "PRIMARY KEY (version))"
)

_LOCK = 0x73747265657477
"""Number of the lock that PostgreSQL's processes agree on: "streetw"."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered change of the tables; never edited once it has been released."""

    version: int
    """Counts from 1 without a gap."""
    name: str
    apply: Callable[[Connection], None]


def current_version(connection: Connection) -> int:
    """Version of the database, 0 when nothing was applied yet."""
    if not inspect(connection).has_table("migrations"):
        return 0
    found = connection.execute(text("SELECT max(version) FROM migrations")).scalar()
    return int(found or 0)


def _lock(connection: Connection) -> None:
    """Let one process migrate at a time, until it commits; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))


def migrate(engine: Engine, steps: Sequence[Migration]) -> None:
    """Apply what is missing; each step commits together with its own record.

    Several processes may do this at once: a step looks at the version again inside its transaction.
    Raises StoreTooNew when the database is ahead of `steps`.
    """
    newest = len(steps)
    with engine.connect() as connection:
        version = current_version(connection)
    if version > newest:
        raise StoreTooNew(
            f"the store is at version {version}, this program knows {newest}: "
            "update the program, or restore a copy made before the update"
        )
    for step in steps[version:]:
        with engine.begin() as connection:
            _lock(connection)
            connection.execute(text(_RECORDS))
            if current_version(connection) >= step.version:
                continue
            step.apply(connection)
            connection.execute(
                text("INSERT INTO migrations VALUES (:version, :name, :at)"),
                {
                    "version": step.version,
                    "name": step.name,
                    "at": utc_text(datetime.now(UTC)),
                },
            )
