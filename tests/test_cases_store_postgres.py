"""The store on PostgreSQL: crashes, waits, refusals, and a password that is never shown."""

import logging
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.postgres import Cluster, cluster, missing
from cases import (
    DeliveryState,
    Store,
    StoreBusy,
    StoreError,
    StoreFull,
    StoreMissing,
)
from tests.violations import make_violation


@pytest.fixture
def pg_store(quick_cluster: Cluster, database: str) -> Store:
    """Open a new store on the quick cluster, impatient."""
    return Store.open(quick_cluster.url_with_password(database), busy_timeout_s=0.3)


def chain_of(error: BaseException) -> str:
    """Everything that a traceback of an error would print."""
    told = []
    link: BaseException | None = error
    while link is not None:
        told.append(f"{link!r} {link}")
        link = link.__cause__ or link.__context__
    return " ".join(told)


def test_a_server_that_crashes_loses_nothing_acknowledged() -> None:
    """Crashed under confirming threads: what returned is there, and the same store goes on."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    acknowledged: list[str] = []

    def confirm(store: Store, first: int) -> None:
        for number in range(first, first + 1000):
            violation = make_violation(number)
            try:
                store.confirm(violation, None, {"number": number})
            except StoreBusy:
                return
            acknowledged.append(violation.violation_id)

    with (
        cluster(fsync=True) as server,
        Store.open(server.url_with_password("postgres"), busy_timeout_s=5) as store,
        ThreadPoolExecutor(2) as pool,
    ):
        confirming = [pool.submit(confirm, store, first) for first in (0, 1000)]
        while len(acknowledged) < 20:
            time.sleep(0.01)
        server.crash()
        for one in confirming:
            one.result()
        with pytest.raises(StoreBusy):
            store.counts()
        server.start()
        kept = {row.violation_id for row in store.deliveries(limit=5000)}
        assert set(acknowledged) <= kept
        assert len(kept) <= len(acknowledged) + 2
        assert store.confirm(make_violation(5000), None, {}).first


def test_a_commit_waits_for_the_disk_whatever_the_server_was_told(
    quick_cluster: Cluster, database: str
) -> None:
    """A database set to acknowledge early is overruled for our transactions."""
    with quick_cluster.connect() as connection:
        connection.execute(f"ALTER DATABASE {database} SET synchronous_commit = off".encode())
    with (
        Store.open(quick_cluster.url_with_password(database)) as store,
        store._database.write() as connection,
    ):
        said = connection.exec_driver_sql("SHOW synchronous_commit").scalar()
    assert said == "on"


def test_uniqueness_is_the_databases_on_postgresql(
    pg_store: Store, quick_cluster: Cluster, database: str
) -> None:
    """A second report of a violation is refused by a constraint, not only by our code."""
    pg_store.confirm(make_violation(), None, {})
    with quick_cluster.connect(database) as raw, pytest.raises(Exception, match="deliveries_once"):
        raw.execute(
            "INSERT INTO deliveries (delivery_id, violation_id, message, case_key, payload, "
            "state, attempts, next_attempt_at, last_error, created_at, updated_at) "
            "SELECT 'other', violation_id, message, case_key, payload, state, attempts, "
            "next_attempt_at, last_error, created_at, updated_at FROM deliveries"
        )
    pg_store.close()


def test_confirming_the_same_at_once_confirms_once(pg_store: Store) -> None:
    """Eight threads with one violation: one is the first, the rest are told so."""
    start = threading.Barrier(8)

    def confirm(number: int) -> bool:
        start.wait()
        return pg_store.confirm(make_violation(), None, {"number": number}).first

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(confirm, range(8))) == 1
    assert len(pg_store.deliveries()) == 1
    pg_store.close()


def test_a_courier_that_stands_still_holds_up_nobody(pg_store: Store) -> None:
    """While one transaction holds the longest due message, another courier takes the next."""
    for number in range(2):
        pg_store.confirm(make_violation(number), None, {})
    with pg_store.transaction():
        (first,) = pg_store.claim("a", lease_s=30)
        with ThreadPoolExecutor(1) as pool:
            (second,) = pool.submit(pg_store.claim, "b", lease_s=30).result(timeout=10)
            assert second.delivery_id != first.delivery_id
            assert pool.submit(pg_store.claim, "b", lease_s=30).result(timeout=10) == ()
    assert pg_store.counts().deliveries[DeliveryState.CLAIMED] == 2
    pg_store.close()


def test_an_answer_and_a_second_claim_at_once_settle_once(pg_store: Store) -> None:
    """The row is locked by whoever moves it: the later one sees what the first has made of it."""
    pg_store.confirm(make_violation(), None, {})
    (row,) = pg_store.claim("a", lease_s=30)
    start = threading.Barrier(4)

    def deliver(number: int) -> bool:
        start.wait()
        return pg_store.delivered(row, str(number))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(deliver, range(4))) == 1
    history = [entry.what for entry in pg_store.case(row.violation_id).history]
    assert history.count("report delivered") == 1
    pg_store.close()


def test_a_row_that_is_held_too_long_is_busy(
    pg_store: Store, quick_cluster: Cluster, database: str
) -> None:
    """StoreBusy after the time-out, not a thread that hangs."""
    pg_store.open_violation(make_violation())
    with quick_cluster.connect(database) as raw, raw.transaction():
        raw.execute("SELECT 1 FROM violations FOR UPDATE")
        with pytest.raises(StoreBusy, match="lock timeout"):
            pg_store.update(make_violation())
    pg_store.update(make_violation())
    pg_store.close()


def test_a_line_that_is_cut_is_taken_up_again(
    pg_store: Store, quick_cluster: Cluster, database: str
) -> None:
    """Connections ended by the server: the next call makes new ones."""
    pg_store.open_violation(make_violation())
    with quick_cluster.connect() as raw:
        raw.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database]
        )
    assert pg_store.open_violation(make_violation(1))
    pg_store.close()


def test_a_disk_without_room_is_full(pg_store: Store) -> None:
    """The server's code for a full disk (53100) becomes StoreFull; nothing was changed."""
    raises = "DO $$ BEGIN RAISE disk_full USING MESSAGE = 'No space left on device'; END $$"

    def fill() -> None:
        with pg_store.transaction():
            pg_store.open_violation(make_violation())
            with pg_store._database.write() as connection:
                connection.exec_driver_sql(raises)

    with pytest.raises(StoreFull, match="No space left"):
        fill()
    assert pg_store.cases() == ()
    pg_store.close()


def test_a_store_that_is_not_there_is_missing(quick_cluster: Cluster, database: str) -> None:
    """No database of this name; or one without a store, for a command that makes none."""
    with pytest.raises(StoreMissing, match="nothing_here"):
        Store.open(quick_cluster.url_with_password("nothing_here"))
    with pytest.raises(StoreMissing, match="no store in the database"):
        Store.open(quick_cluster.url_with_password(database), create=False)


WRONG: dict[str, tuple[type[StoreError], Callable[[Cluster, int], tuple[str, str]]]] = {
    "wrong password": (StoreError, lambda server, _: (server.url("postgres"), "geheim-0815")),
    "nobody listens": (
        StoreBusy,
        lambda _, port: (f"postgresql://sw@127.0.0.1:{port}/x", "geheim-0815"),
    ),
    "no such user": (
        StoreError,
        lambda server, _: (f"postgresql://sw@127.0.0.1:{server.port}/x", "geheim-0815"),
    ),
    "colon in the password": (
        StoreError,
        lambda *_: ("postgresql://sw@localhost:geheim-0815/x", "geheim-0815"),
    ),
    "another database": (ValueError, lambda *_: ("mysql://sw:geheim-0815@localhost/x", "y")),  # type: ignore[dict-item]  # the caller's mistake
}


@pytest.mark.parametrize("how", WRONG)
def test_no_password_in_what_is_told(
    quick_cluster: Cluster, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the error, nor its causes, nor any log line holds the password."""
    caplog.set_level(logging.DEBUG)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        kind, make = WRONG[how]
        url, password = make(quick_cluster, closed.getsockname()[1])
        with pytest.raises(kind) as caught:
            Store.open(url, password=password, busy_timeout_s=0.5)
    assert "geheim-0815" not in chain_of(caught.value)
    assert "geheim-0815" not in caplog.text


def test_user_and_password_may_stand_beside_the_url(quick_cluster: Cluster, database: str) -> None:
    """As a site file has them; and an open store shows neither."""
    bare = f"postgresql://127.0.0.1:{quick_cluster.port}/{database}"
    with Store.open(
        bare, username="streetwarden", password=quick_cluster.password, site_id="a"
    ) as store:
        assert store.site_id() == "a"
        assert quick_cluster.password not in repr(store._database._engine)
