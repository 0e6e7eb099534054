"""The engine: SQLite settings, transactions, and SQLAlchemy's errors translated once."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from cases.errors import StoreBroken, StoreBusy, StoreError, StoreFull

BUSY_TIMEOUT_S = 10.0
"""How long a writer waits for another process; a transaction here takes milliseconds."""

_FULL = {sqlite3.SQLITE_FULL}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_BROKEN = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}


def open_engine(url: URL, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    """Make an engine whose write transactions take the database's write lock at their start."""
    engine = create_engine(url)
    if url.get_backend_name() == "sqlite":
        _set_up_sqlite(engine, busy_timeout_s)
    return engine


def _set_up_sqlite(engine: Engine, busy_timeout_s: float) -> None:
    def connected(connection: sqlite3.Connection, record: Any) -> None:
        del record
        connection.isolation_level = None  # the driver begins nothing; `begun` does
        for pragma in (
            f"busy_timeout = {int(busy_timeout_s * 1000)}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    def begun(connection: Connection) -> None:
        # A reader that becomes a writer half-way can fail at once however long the time-out is.
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)


class Database:
    """Transactions over one engine, from any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reader = engine.execution_options(reading=True)
        self._writing = threading.Lock()
        self._joined = threading.local()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection in a write transaction; one opened by this thread is joined."""
        joined: Connection | None = getattr(self._joined, "connection", None)
        if joined is not None:
            yield joined
            return
        # SQLite has one writer: threads of this process queue here instead of polling.
        with self._writing, translated(), self._engine.begin() as connection:
            self._joined.connection = connection
            try:
                yield connection
            finally:
                self._joined.connection = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that sees one moment of the database."""
        joined: Connection | None = getattr(self._joined, "connection", None)
        if joined is not None:
            yield joined
            return
        with translated(), self._reader.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection; the database file is complete afterwards."""
        self._engine.dispose()


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into those of `cases.errors`."""
    try:
        yield
    except DBAPIError as error:
        raise _translate(error) from error
    except PoolTimeoutError as error:
        raise StoreBusy("too many threads read the store at once") from error
    except StatementError as error:
        # A value that a column refuses (a naive time): the caller's mistake, as it was raised.
        if error.orig is None:
            raise
        raise error.orig from None


def _translate(error: DBAPIError) -> StoreError:
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
