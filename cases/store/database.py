"""Transactions over an engine, and SQLAlchemy's errors translated once."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from cases.errors import StoreBusy
from cases.store.postgres_engine import postgres_engine, postgres_error
from cases.store.sqlite_engine import sqlite_engine, sqlite_error

BUSY_TIMEOUT_S = 10.0
"""How long a writer waits for another one; a transaction here takes milliseconds."""

POSTGRESQL = "postgresql"
SQLITE = "sqlite"


def open_engine(url: URL, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    """Make the engine for a URL; `postgresql` and `sqlite` are known (ValueError)."""
    backend = url.get_backend_name()
    if backend == SQLITE:
        return sqlite_engine(url, busy_timeout_s)
    if backend == POSTGRESQL:
        return postgres_engine(url, busy_timeout_s)
    raise ValueError(f"a store is a file or a postgresql:// URL, not {backend}")


class Database:
    """Transactions over one engine, from any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        if engine.dialect.name == SQLITE:
            self._reader = engine.execution_options(reading=True)
            # One writer: threads of this process queue here instead of polling the file.
            self._writing: threading.Lock | nullcontext[None] = threading.Lock()
        else:
            self._reader = engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            self._writing = nullcontext()
        self._joined = threading.local()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection in a write transaction; one opened by this thread is joined."""
        joined: Connection | None = getattr(self._joined, "connection", None)
        if joined is not None:
            yield joined
            return
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
        """Close every connection; a database file is complete afterwards."""
        self._engine.dispose()


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into those of `cases.errors`."""
    try:
        yield
    except DBAPIError as error:
        own = sqlite_error if isinstance(error.orig, sqlite3.Error) else postgres_error
        raise own(error) from error
    except PoolTimeoutError as error:
        raise StoreBusy("too many threads use the store at once") from error
    except StatementError as error:
        # A value that a column refuses (a naive time): the caller's mistake, as it was raised.
        if error.orig is None:
            raise
        raise error.orig from None
