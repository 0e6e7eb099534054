"""Where a store is: a file, or a database of a server."""

from contextlib import suppress
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from cases.errors import StoreError, StoreFull, StoreMissing
from cases.migrations import current_version


def store_url(where: str | Path, username: str | None, password: str | None) -> URL:
    """Read where a store is. StoreError without showing it: it may hold a password."""
    if not isinstance(where, str) or "://" not in where:
        return URL.create("sqlite", database=str(where))
    url: URL | None = None
    with suppress(ArgumentError, ValueError):
        url = make_url(where)
    if url is None:
        # Without the cause: a password with a colon reads as a port, and would be named.
        raise StoreError("the store's URL cannot be read: write postgresql://host:port/name")
    if username is not None:
        url = url.set(username=username)
    return url if password is None else url.set(password=password)


def expect_store(engine: Engine) -> None:
    """Refuse a database without a store. StoreMissing."""
    with engine.connect() as connection:
        if current_version(connection) == 0:
            raise StoreMissing(f"there is no store in the database {engine.url.database}")


def prepare_file(url: URL, *, create: bool) -> None:
    """Make the file of a new store, or refuse what is none. StoreError, StoreMissing."""
    if url.get_backend_name() != "sqlite":
        return
    if url.database in {None, "", ":memory:"}:
        raise StoreError("the store has to be a file: several threads and processes share it")
    path = Path(str(url.database))
    if path.exists():
        return
    if not create:
        raise StoreMissing(f"there is no store at {path}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Readable by its owner alone: it names people's cars and places.
        path.touch(mode=0o600)
    except OSError as error:
        branch = StoreFull if error.errno in {28, 122} else StoreError
        raise branch(f"no store can be made at {path}: {error.strerror}") from error
