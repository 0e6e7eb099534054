"""SQLite: one writer, a write-ahead log, a sync at every commit."""

import sqlite3
import time
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from cases.errors import StoreBroken, StoreBusy, StoreError, StoreFull

_FULL = {sqlite3.SQLITE_FULL}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_AGAIN_S = 0.01
_BROKEN = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}


def sqlite_engine(url: URL, busy_timeout_s: float) -> Engine:
    """Make an engine whose write transactions take the database's write lock at their start."""
    engine = create_engine(url, hide_parameters=True)

    def connected(connection: sqlite3.Connection, record: Any) -> None:
        del record
        connection.isolation_level = None  # the driver begins nothing; `begun` does
        connection.execute(f"PRAGMA busy_timeout = {int(busy_timeout_s * 1000)}").close()
        _write_ahead(connection, busy_timeout_s)
        for pragma in ("synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    def begun(connection: Connection) -> None:
        # A reader that becomes a writer half-way can fail at once however long the time-out is.
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine


def _write_ahead(connection: sqlite3.Connection, busy_timeout_s: float) -> None:
    """Turn the write-ahead log on, which a file remembers: only the first to open it has to.

    Where several open a new file at once, SQLite tells all but one that it is locked, at once and
    whatever the time-out: waiting could be a deadlock. So it is asked again until then.
    """
    end_s = time.monotonic() + busy_timeout_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _BUSY or time.monotonic() >= end_s:
                raise
            time.sleep(_AGAIN_S)
        else:
            return


def sqlite_error(error: DBAPIError) -> StoreError:
    """Say in our words what SQLite said."""
    cause = error.orig
    # The primary result code is the low byte: sqlite.org/rescode.html
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code in _BUSY:
        return StoreBusy(f"the store is held by another process: {cause}")
    if code in _FULL:
        return StoreFull(f"no room for the store: {cause}")
    if code in _BROKEN:
        return StoreBroken(f"the store cannot be read: {cause}")
    return StoreError(f"the store failed: {cause}")
