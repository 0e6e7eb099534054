"""Measure what the outbox costs over bare inserts, and whether it stays quick after a year.

What it measures, on a SQLite store on the disk of `--folder` (default: the temporary folder), or
with `--store postgresql` on Debian's PostgreSQL, started for it, with fsync:

- `ours_per_s`: confirmations a second through `Store.confirm`, each one transaction that is on
  disk when it returns: violation, two entries of history, message. Against `bare_per_s`: a loop
  of the bare driver that inserts the very same rows, bytes and indexes with the same durability
  (write-ahead log, synchronous), one transaction each. The two take turns in short blocks, so
  that whatever else the machine does hits both; the figures are medians, `ratio` = ours / bare.
- `files_ms`, apart from it: one picture of 200 kB written, synced and renamed, folder synced.
- `claim_ms`, `list_ms`, `camera_list_ms`: the median time to claim a message (a transaction on
  disk), to list the newest 100 messages and the newest 100 cases of one camera, in a store with a
  year of 3,000 cases a day: violations, messages and attempts, made by bulk inserts. `posted_ms`:
  the posts of the last minute. `count_ms`: everything by its state.

Limit: a commit costs what the disk takes to sync, which both sides wait for; on a quicker disk the
ratio falls, because what is left is Python. With `--fast-disk` the folder is in memory, which
shows the least that the ratio can be.

    python -m benchmarks.outbox [--store postgresql] [--folder DIR | --fast-disk] [--cases N]
        [--blocks N]

The last line is one JSON object.
"""

import argparse
import json
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from cases import Store
from detectors import Moment, Role, Violation, violation_id

YEAR = 3000 * 365
"""Cases."""

BLOCK = 25
"""Confirmations before the other side has its turn."""

SPACING_S = 365 * 86400 // YEAR
TABLES = ("violations", "history", "deliveries", "tally_changes")
PICTURE = bytes(200_000)
_COUNT = "INSERT INTO tallies (what, n) SELECT '{0}:' || state, count(*) FROM {1} GROUP BY state"
COUNTED = (
    "DELETE FROM tally_changes",
    "DELETE FROM tallies",
    _COUNT.format("violation", "violations"),
    _COUNT.format("delivery", "deliveries"),
)
"""What the store keeps with every change; the year's rows are made without it."""
START = datetime(2026, 1, 5, tzinfo=UTC)

PAYLOAD = {
    "title": "机动车乱停放",
    "text": "市北区营口路,机动车在禁停区域停放。" * 6,
    "code": "09009",
    "place": {"lat": 36.0986, "lon": 120.3719, "address": "市北区营口路", "grid": "3702030010"},
    "media": [{"path": f"2026/01/05/{n:032x}.jpg", "sha256": f"{n:064x}"} for n in range(2)],
}
"""About as large as a real case."""


def violation(number: int, camera: str = "camera-007") -> Violation:
    """Make a violation as rules do."""
    opened_at = START + timedelta(seconds=number)
    box = (600.0, 147.0, 640.0, 189.0)
    moments = [Moment(role, 1.0, opened_at, box, 0.9) for role in (Role.ENTRY, Role.CONFIRMATION)]
    return Violation(
        violation_id=violation_id("bench", camera, "kerb", "illegal_parking", opened_at),
        camera_id=camera,
        zone_id="kerb",
        kind="illegal_parking",
        rule_version="5f2c",
        label="car",
        track_id=number,
        opened_at=opened_at,
        opened_at_s=float(number),
        last_at=opened_at + timedelta(seconds=300),
        last_at_s=number + 300.0,
        dwell_s=300.0,
        unseen_s=0.0,
        box=box,
        score=0.875,
        moments=tuple(moments),
    )


class Inserts(Protocol):
    """The other side: ready rows through the bare driver."""

    def insert(self) -> None:
        """Insert the rows of the next case, on disk when this returns."""

    def close(self) -> None:
        """End it."""


class Bare:
    """Inserts ready rows with `sqlite3` alone, into the same tables with the same durability."""

    def __init__(self, path: Path, like: Path) -> None:
        self.raw = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            self.raw.execute(f"PRAGMA {pragma}").close()
        with sqlite3.connect(like) as made:
            self.rows = {
                name: made.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608  # TABLES
                for name in TABLES
            }
            tables = made.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        made.close()
        for (statement,) in tables:
            self.raw.execute(statement)
        self.inserts = {
            name: f"INSERT INTO {name} VALUES ({', '.join('?' * len(rows[0]))})"  # noqa: S608
            for name, rows in self.rows.items()
        }
        self.done = 0

    def insert(self) -> None:
        """Insert the rows of the next case, on disk when this returns."""
        self.raw.execute("BEGIN IMMEDIATE")
        for name, rows in self.rows.items():
            each = len(rows) // len(self.rows["violations"])
            first = self.done * each
            self.raw.executemany(self.inserts[name], rows[first : first + each])
        self.raw.execute("COMMIT")
        self.done += 1

    def close(self) -> None:
        """Close the file."""
        self.raw.close()


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    parent = "/dev/shm" if arguments.fast_disk else arguments.folder  # noqa: S108  # memory
    with tempfile.TemporaryDirectory(prefix="outbox-", dir=parent) as name:
        folder = Path(name)
        if arguments.store == "postgresql":
            result = _on_postgresql(arguments.blocks, arguments.cases)
        else:
            result = _on_sqlite(folder, arguments.blocks, arguments.cases)
        result["files_ms"] = _median_ms(lambda: _write_picture(folder), 30)
    print(
        f"confirmed {result['ours_per_s']:.0f}/s, bare inserts {result['bare_per_s']:.0f}/s, "
        f"ratio {result['ratio']:.2f}"
    )
    print(", ".join(f"{key} {value:.2f}" for key, value in result.items() if key.endswith("_ms")))
    result |= {"cases": float(arguments.cases)}
    print(json.dumps({key: round(value, 3) for key, value in result.items()}))


def _on_sqlite(folder: Path, blocks: int, cases: int) -> dict[str, float]:
    with Store.open(folder / "rows.sqlite3", site_id="bench") as store:
        _confirm_blocks(store, blocks)
    bare = Bare(folder / "bare.sqlite3", folder / "rows.sqlite3")
    with Store.open(folder / "ours.sqlite3", site_id="bench") as store:
        result = _rows(store, bare, blocks)
    began_s = time.perf_counter()
    path = folder / "year.sqlite3"
    _make_year(path, cases)
    took_s = time.perf_counter() - began_s
    print(f"{cases} cases made in {took_s:.0f} s, {path.stat().st_size / 1e6:.0f} MB")
    with Store.open(path, site_id="bench") as store:
        return result | _year(store)


def _on_postgresql(blocks: int, cases: int) -> dict[str, float]:
    from benchmarks import outbox_postgres  # noqa: PLC0415  # its driver is an extra

    with outbox_postgres.server() as running:
        rows, empty, ours, year = (running.create() for _ in range(4))
        with Store.open(running.url_with_password(rows), site_id="bench") as store:
            _confirm_blocks(store, blocks)
        Store.open(running.url_with_password(empty)).close()
        bare = outbox_postgres.BarePostgres(running, empty, rows, TABLES)
        with Store.open(running.url_with_password(ours), site_id="bench") as store:
            result = _rows(store, bare, blocks)
        began_s = time.perf_counter()
        with Store.open(running.url_with_password(year), site_id="bench") as store:
            _first_case(store)
            outbox_postgres.make_year(
                running,
                year,
                [(bulk.table, bulk.values) for bulk in _bulks(cases)],
                cases=cases,
                first_s=int(START.timestamp()) - SPACING_S * cases,
                spacing_s=SPACING_S,
            )
            with running.connect(year) as raw:
                # A year of cases does not lie in memory, waiting to be written and tidied.
                for statement in (*COUNTED, "VACUUM ANALYZE", "CHECKPOINT"):
                    raw.execute(statement.encode())
            print(f"{cases} cases made in {time.perf_counter() - began_s:.0f} s")
            return result | _year(store)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.outbox",
        description="The outbox against bare inserts, and after a year of cases.",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--folder", type=Path, help="where the stores are made")
    where.add_argument("--fast-disk", action="store_true", help="in memory, /dev/shm")
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--cases", type=int, default=YEAR, help=f"of the year (default {YEAR})")
    parser.add_argument("--blocks", type=int, default=12, help="of 25 confirmations (default 12)")
    return parser.parse_args()


def _confirm_blocks(store: Store, blocks: int) -> None:
    for number in range(BLOCK * (blocks + 1)):
        store.confirm(violation(number), None, PAYLOAD)


def _rows(store: Store, bare: Inserts, blocks: int) -> dict[str, float]:
    """Confirm and insert in turns; figures are medians over the blocks."""
    ours_s, bare_s = [], []
    for block in range(blocks + 1):
        ready = [violation(BLOCK * block + number) for number in range(BLOCK)]
        began_s = time.perf_counter()
        for each in ready:
            store.confirm(each, None, PAYLOAD)
        ours_s.append((time.perf_counter() - began_s) / BLOCK)
        began_s = time.perf_counter()
        for _ in range(BLOCK):
            bare.insert()
        bare_s.append((time.perf_counter() - began_s) / BLOCK)
    bare.close()
    ours, bare_one = statistics.median(ours_s[1:]), statistics.median(bare_s[1:])
    return {"ours_per_s": 1 / ours, "bare_per_s": 1 / bare_one, "ratio": bare_one / ours}


def _write_picture(folder: Path) -> None:
    part = folder / "picture.part"
    with part.open("wb") as file:
        file.write(PICTURE)
        file.flush()
        os.fsync(file.fileno())
    part.rename(folder / "picture.jpg")
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Bulk:
    """How the rows of one table are made from one that the store has written."""

    table: str
    values: dict[str, str]
    """SQL by column, `i` counts the cases; every other column is copied."""


def _count(raw: sqlite3.Connection, cases: int) -> None:
    """Make a table of numbers from 1 on, with a key and a time for each."""
    raw.execute("CREATE TEMP TABLE counted (i INTEGER, key_ TEXT, at_ TEXT)")
    raw.execute(
        "INSERT INTO counted WITH RECURSIVE n(i) AS "
        "(VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < :cases) "
        "SELECT i, printf('%032x', i), strftime('%Y-%m-%dT%H:%M:%S', "
        ":first + i * :spacing, 'unixepoch') || '.000000+00:00' FROM n",
        {
            "cases": cases,
            "spacing": SPACING_S,
            "first": int(START.timestamp()) - SPACING_S * cases,
        },
    )


def _bulks(cases: int) -> tuple[Bulk, ...]:
    at, key = "at_", "key_"
    message = f"{key} || '-report'"
    times = dict.fromkeys(("opened_at", "last_at", "confirmed_at", "created_at", "updated_at"), at)
    # The newest 200 are going on, the newest 100 are due, one in 500 has been refused.
    standing = f"CASE WHEN i > {cases - 200} THEN 'confirmed' ELSE 'cleared' END"
    sent = f"WHEN i > {cases - 100} THEN 'pending' WHEN i % 500 = 0 THEN 'dead'"
    return (
        Bulk(
            "violations",
            times | {"violation_id": key, "camera_id": "'camera-' || (i % 500)", "state": standing},
        ),
        Bulk(
            "deliveries",
            dict.fromkeys(("created_at", "updated_at", "next_attempt_at", "delivered_at"), at)
            | {"delivery_id": message, "violation_id": key, "case_key": f"'SW-' || {key}"}
            | {"state": f"CASE {sent} ELSE 'delivered' END"},
        ),
        Bulk("attempts", {"delivery_id": message, "started_at": at, "sent_at": at, "ended_at": at}),
    )


def _first_case(store: Store) -> None:
    """Store the case that the year's are copies of."""
    store.confirm(violation(0), None, PAYLOAD)
    (row,) = store.claim("courier", lease_s=60)
    store.sending(row)
    store.delivered(row, "2026-77")


def _make_year(path: Path, cases: int) -> None:
    """Fill a store; its indexes are taken away and put back, which is quicker for so many."""
    with Store.open(path, site_id="bench") as store:
        _first_case(store)
    raw = sqlite3.connect(path, isolation_level=None)
    indexes = raw.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall()
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -262144"):
        raw.execute(f"PRAGMA {pragma}").close()
    raw.execute("BEGIN")
    for name, _ in indexes:
        raw.execute(f"DROP INDEX {name}")
    _count(raw, cases)
    for bulk in _bulks(cases):
        columns = [row[1] for row in raw.execute(f"PRAGMA table_info({bulk.table})")]
        made = ", ".join(bulk.values.get(column, column) for column in columns)
        raw.execute(
            f"INSERT INTO {bulk.table} SELECT {made} "  # noqa: S608  # our own names
            f"FROM counted, (SELECT * FROM {bulk.table} LIMIT 1)"
        )
    for _, statement in indexes:
        raw.execute(statement)
    for statement in COUNTED:
        raw.execute(statement)
    raw.execute("COMMIT")
    raw.close()


def _year(store: Store) -> dict[str, float]:
    os.sync()  # what the bulk inserts left to be written is no part of a claim
    last = max(row.created_at for row in store.deliveries(limit=1))

    def claim() -> None:
        assert store.claim("courier", lease_s=600)  # noqa: S101  # else it measures nothing

    measured: dict[str, Callable[[], Any]] = {
        "claim_ms": claim,
        "list_ms": lambda: store.deliveries(limit=100),
        "camera_list_ms": lambda: store.cases(camera_id="camera-7", limit=100),
        "posted_ms": lambda: store.posted_since(last - timedelta(seconds=60)),
        "count_ms": store.counts,
    }
    return {name: _median_ms(call, 50) for name, call in measured.items()}


def _median_ms(call: Callable[[], Any], times: int) -> float:
    call()
    took_s = []
    for _ in range(times):
        began_s = time.perf_counter()
        call()
        took_s.append(time.perf_counter() - began_s)
    return statistics.median(took_s) * 1000


if __name__ == "__main__":
    main()
