"""Numbered migrations: every older store becomes the newest, a newer one is refused."""

import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, MetaData, create_engine, inspect, select, text

from benchmarks.postgres import Cluster
from cases import PinnedLook, Review, Store, StoreBusy, StoreError, StoreTooNew
from cases.migrations import MIGRATIONS, Migration, current_version, migrate
from cases.store import schema
from cases.store.database import open_engine
from cases.store.location import store_url
from tests.stores import Where
from tests.violations import SetClock, make_violation


def engine_of(where: Where) -> Engine:
    """Open the bare database of a store."""
    return open_engine(store_url(where, None, None))


def described(where: Where) -> dict[str, object]:
    """Return tables, columns, keys and indexes as the database itself sees them."""
    engine = engine_of(where)
    seen = inspect(engine)
    tables = {
        table: {
            "columns": [
                (c["name"], str(c["type"]), c["nullable"]) for c in seen.get_columns(table)
            ],
            "unique": sorted(
                (u["name"], u["column_names"]) for u in seen.get_unique_constraints(table)
            ),
            "indexes": sorted((i["name"], i["column_names"]) for i in seen.get_indexes(table)),
            "foreign": [
                (f["constrained_columns"], f["referred_table"], f["referred_columns"])
                for f in seen.get_foreign_keys(table)
            ],
        }
        for table in seen.get_table_names()
    }
    engine.dispose()
    return dict(tables)


def add_note(connection: Connection) -> None:
    """Do what a later migration would do."""
    connection.execute(text("ALTER TABLE violations ADD COLUMN note TEXT NOT NULL DEFAULT ''"))


def fail_half_way(connection: Connection) -> None:
    """Change something, then fail."""
    add_note(connection)
    connection.execute(text("ALTER TABLE nothing ADD COLUMN note TEXT"))


NEXT = Migration(len(MIGRATIONS) + 1, "note", add_note)


def test_migrations_and_the_schema_give_the_same_database(place: Where) -> None:
    """The frozen copies in the migrations add up to the tables that queries are written for."""
    Store.open(place).close()
    migrated = described(place)
    engine = engine_of(place)
    schema.metadata.drop_all(engine)
    schema.metadata.create_all(engine)
    engine.dispose()
    assert described(place) == migrated


def test_numbers_have_no_gap() -> None:
    """A store's version is a count of the steps that were applied."""
    assert [step.version for step in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))


def test_an_older_store_with_rows_is_migrated(tmp_path: Path) -> None:
    """The rows of every older version are all there afterwards, and the record says so."""
    path = tmp_path / "store.sqlite3"
    violation = make_violation()
    with Store.open(path) as store:
        store.confirm(violation, None, {"a": 1})
    with Store.open(path, steps=(*MIGRATIONS, NEXT)) as store:
        assert store.case(violation.violation_id).case.violation == violation
        assert store.deliveries()[0].payload == {"a": 1}
    raw = sqlite3.connect(path)
    assert raw.execute("SELECT note FROM violations").fetchall() == [("",)]
    names = [row[0] for row in raw.execute("SELECT name FROM migrations ORDER BY version")]
    raw.close()
    assert names == [*(step.name for step in MIGRATIONS), "note"]


def fill(store: Store, clock: SetClock) -> None:
    """Put something of everything into a store."""
    for number in range(6):
        store.confirm(make_violation(number), None, {"number": number}, review=Review.NONE)
        store.pin(PinnedLook(make_violation(number).violation_id, "road-01", 1.0, Path("/p")))
        clock.pass_s(1)
    store.confirm(make_violation(6), None, {}, review=Review.HELD)
    store.open_violation(make_violation(7))
    store.save_watch("road-01", {"tracks": [1]})
    sent, dead, lost, _ = store.claim("courier", lease_s=30, limit=4)
    store.sending(sent)
    store.delivered(sent, "77", remote_token="t")
    store.dead(dead, error="no such code")
    store.sending(lost)
    store.unresolved(lost, error="no answer")


def everything(store: Store) -> list[object]:
    """Return all that a store says about what is in it."""
    ids = [case.violation.violation_id for case in store.cases()]
    return [
        [store.case(violation_id) for violation_id in ids],
        store.deliveries(),
        store.pins(),
        store.load_watches(),
        store.counts(),
        store.site_id(),
    ]


def older_copy(newest: Store, where: Where, source: Where, version: int) -> None:
    """Make a store of an older version that holds what the newest one does.

    What that version wrote is what the newest writes into the tables and columns that it had.
    """
    newest.close()
    Store.open(where, steps=MIGRATIONS[:version]).close()
    old, new = engine_of(where), engine_of(source)
    had, has = MetaData(), MetaData()
    had.reflect(old)
    has.reflect(new)
    with old.begin() as into, new.connect() as out:
        for table in had.sorted_tables:
            if table.name == "migrations":
                continue
            columns = [has.tables[table.name].c[column.name] for column in table.columns]
            rows = out.execute(select(*columns)).mappings().all()
            if rows:
                into.execute(table.insert(), [dict(row) for row in rows])
    if old.dialect.name == "postgresql":
        with old.begin() as into:  # as if the rows had been numbered there
            into.execute(
                text("SELECT setval('history_entry_id_seq', (SELECT max(entry_id) FROM history))")
            )
    old.dispose()
    new.dispose()


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_a_full_store_of_every_older_version_is_migrated(
    place: Where, version: int, clock: SetClock, tmp_path: Path
) -> None:
    """Every row of every table reads the same afterwards, and the outbox goes on."""
    source = tmp_path / "newest.sqlite3"
    with Store.open(source, site_id="s", clock=clock) as store:
        fill(store, clock)
        before = everything(store)
        older_copy(store, place, source, version)
    with Store.open(place, site_id="s", clock=clock) as store:
        assert everything(store) == before
        assert len(store.claim("courier", lease_s=30, limit=10)) == 2
        (held,) = store.cases(reviews=[Review.HELD])
        assert held.violation == make_violation(6)
        clear = make_violation(0)
        assert store.clear(clear, "gone", {"text": "clear"})
        assert store.second_looks.ask(clear.violation_id, by="li")
    engine = engine_of(place)
    with engine.connect() as connection:
        assert current_version(connection) == len(MIGRATIONS)
    engine.dispose()


def test_a_newer_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    """The message says which versions and what to do."""
    path = tmp_path / "store.sqlite3"
    Store.open(path, steps=(*MIGRATIONS, NEXT)).close()
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match=f"version {NEXT.version}.*update the program"):
        Store.open(path)
    assert path.read_bytes() == before


def test_a_migration_that_fails_leaves_the_version_before(place: Where) -> None:
    """A step and its record are one transaction: neither the column nor the record is there."""
    Store.open(place).close()
    before = described(place)
    broken = Migration(NEXT.version, "broken", fail_half_way)
    with pytest.raises(StoreError, match="nothing"):
        Store.open(place, steps=(*MIGRATIONS, broken))
    assert described(place) == before
    Store.open(place).close()


def test_a_process_killed_inside_a_migration_leaves_the_version_before(tmp_path: Path) -> None:
    """Kill -9 between the tables and the record: the next start migrates from the beginning."""
    path = tmp_path / "store.sqlite3"
    code = """
import os, signal, sys
from pathlib import Path
from cases import Store
from cases.migrations import MIGRATIONS, Migration
def killed(connection):
    MIGRATIONS[0].apply(connection)
    os.kill(os.getpid(), signal.SIGKILL)
Store.open(Path(sys.argv[1]), steps=(Migration(1, "killed", killed),))
"""
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert done.returncode == -9
    engine = open_engine(create_engine(f"sqlite:///{path}").url)
    with engine.connect() as connection:
        assert current_version(connection) == 0
        assert inspect(connection).get_table_names() == []
    engine.dispose()
    with Store.open(path) as store:
        assert store.confirm(make_violation(), None, {}).first


def test_two_processes_may_open_a_new_store_at_once(tmp_path: Path) -> None:
    """Each step looks at the version again inside its transaction: none is applied twice."""
    code = """
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from cases import Store
sys.stdin.readline()
for number in range(10):
    with Store.open(Path(sys.argv[1]) / f"{number}.sqlite3") as store:
        store.counts()
"""
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE)
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.close()
    assert [process.wait() for process in processes] == [0, 0]


def test_a_locked_new_store_is_waited_for_as_long_as_asked(tmp_path: Path) -> None:
    """No longer: the driver's own time-out, which is 5 s, does not hold from the first line on."""
    path = tmp_path / "store.sqlite3"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("CREATE TABLE other (a)")
    other.execute("BEGIN EXCLUSIVE")
    begun_s = time.monotonic()
    with pytest.raises(StoreBusy):
        Store.open(path, busy_timeout_s=0.2)
    assert 0.2 <= time.monotonic() - begun_s < 4.0
    other.close()


def test_several_may_open_a_new_database_at_once(quick_cluster: Cluster, database: str) -> None:
    """On PostgreSQL they take turns under a lock: none fails, no step is applied twice."""
    url = quick_cluster.url_with_password(database)
    start = threading.Barrier(4)

    def open_it(number: int) -> bool:
        start.wait()
        with Store.open(url, site_id="s") as store:
            return store.confirm(make_violation(number), None, {}).first

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(open_it, range(4)))
    with quick_cluster.connect(database) as raw:
        said = raw.execute("SELECT version FROM migrations ORDER BY version").fetchall()
    assert said == [(step.version,) for step in MIGRATIONS]


def test_migrating_twice_does_nothing(tmp_path: Path) -> None:
    """A copy that is at the newest version stays as it is."""
    path = tmp_path / "store.sqlite3"
    Store.open(path).close()
    shutil.copy(path, tmp_path / "copy.sqlite3")
    engine = open_engine(create_engine(f"sqlite:///{tmp_path / 'copy.sqlite3'}").url)
    migrate(engine, MIGRATIONS)
    with engine.connect() as connection:
        assert current_version(connection) == len(MIGRATIONS)
    engine.dispose()
    assert described(path) == described(tmp_path / "copy.sqlite3")
