"""Numbered migrations: every older store becomes the newest, a newer one is refused."""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, inspect, text

from cases import Store, StoreError, StoreTooNew
from cases.migrations import MIGRATIONS, Migration, current_version, migrate
from cases.store import schema
from cases.store.database import open_engine
from tests.violations import make_violation


def described(path: Path) -> dict[str, object]:
    """Return tables, columns, keys and indexes as the database itself sees them."""
    engine = create_engine(f"sqlite:///{path}")
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


def test_migrations_and_the_schema_give_the_same_database(tmp_path: Path) -> None:
    """The frozen copies in the migrations add up to the tables that queries are written for."""
    Store.open(tmp_path / "migrated.sqlite3").close()
    engine = create_engine(f"sqlite:///{tmp_path / 'made.sqlite3'}")
    schema.metadata.create_all(engine)
    engine.dispose()
    assert described(tmp_path / "migrated.sqlite3") == described(tmp_path / "made.sqlite3")


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


def test_a_newer_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    """The message says which versions and what to do."""
    path = tmp_path / "store.sqlite3"
    Store.open(path, steps=(*MIGRATIONS, NEXT)).close()
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match=f"version {NEXT.version}.*update the program"):
        Store.open(path)
    assert path.read_bytes() == before


def test_a_migration_that_fails_leaves_the_version_before(tmp_path: Path) -> None:
    """A step and its record are one transaction: neither the column nor the record is there."""
    path = tmp_path / "store.sqlite3"
    Store.open(path).close()
    before = described(path)
    broken = Migration(NEXT.version, "broken", fail_half_way)
    with pytest.raises(StoreError, match="nothing"):
        Store.open(path, steps=(*MIGRATIONS, broken))
    assert described(path) == before
    Store.open(path).close()


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
