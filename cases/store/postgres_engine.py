"""PostgreSQL: several writers, rows locked one by one, an acknowledged commit on disk."""

import re

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from cases.errors import StoreBroken, StoreBusy, StoreError, StoreFull, StoreMissing

DRIVER = "postgresql+psycopg"

CONNECTIONS = 10
"""Of one process: its recorder, couriers and API requests at once."""

_STALLED_S = 30.0
"""A transaction takes milliseconds: who stands still in one so long (a stopped process, a cut
line) is let go, so that the rows it holds are free again."""

_FULL = {"53100"}
_MISSING = {"3D000"}
_BROKEN = {"XX001", "XX002"}
_BUSY = ("08", "40", "53", "55P03", "57")
"""Beginnings of codes: connection, rolled back (deadlock), resources, lock time-out, operator.
postgresql.org/docs/current/errcodes-appendix.html"""

_NO_DATABASE = re.compile(r'database ".*" does not exist')
_REFUSED = re.compile(
    r'authentication failed|pg_hba\.conf|no password supplied|role ".*" (does not|is not)'
)


def postgres_engine(url: URL, busy_timeout_s: float) -> Engine:
    """Make an engine that waits for locks and connections as long as SQLite's would.

    Raises StoreError where the driver is not installed.
    """
    milliseconds = int(busy_timeout_s * 1000)
    stalled = int(_STALLED_S * 1000)
    options = {
        # A server told to be quick would acknowledge what a power cut takes back.
        "synchronous_commit": "on",
        "lock_timeout": f"{milliseconds}",
        "idle_in_transaction_session_timeout": f"{stalled}",
        "TimeZone": "UTC",
    }
    try:
        return create_engine(
            url.set(drivername=DRIVER),
            hide_parameters=True,
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=busy_timeout_s,
            pool_pre_ping=True,
            connect_args={
                "application_name": "streetwarden",
                "connect_timeout": max(2, int(busy_timeout_s)),
                "tcp_user_timeout": stalled,
                "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
            },
        )
    except ModuleNotFoundError as error:
        raise StoreError(
            "a store on PostgreSQL needs a driver that is not installed: "
            "pip install 'streetwarden[postgres]'"
        ) from error


def postgres_error(error: DBAPIError) -> StoreError:
    """Say in our words what the server or the way to it said; its texts hold no password."""
    said = " ".join(str(error.orig).split())
    code = getattr(error.orig, "sqlstate", None)
    if code is None:
        return _unconnected(error, said)
    if code in _FULL:
        return StoreFull(f"no room for the store: {said}")
    if code in _MISSING:
        return StoreMissing(f"there is no such database: {said}")
    if code in _BROKEN:
        return StoreBroken(f"the store cannot be read: {said}")
    if code.startswith(_BUSY):
        return StoreBusy(f"the store cannot be had now: {said}")
    return StoreError(f"the store failed: {said}")


def _unconnected(error: DBAPIError, said: str) -> StoreError:
    """Tell apart what libpq tells in words only: there is no code before the session stands."""
    if error.connection_invalidated:
        return StoreBusy(f"the connection to the store was lost: {said}")
    if _NO_DATABASE.search(said):
        return StoreMissing(f"there is no such database: {said}")
    if _REFUSED.search(said):
        return StoreError(f"the store refuses this user: {said}")
    return StoreBusy(f"the store cannot be reached: {said}")
