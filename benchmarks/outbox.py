"""Measure what the outbox costs over bare inserts, and whether it stays quick after a year.

What it measures, on a SQLite store on the disk of `--folder` (default: the temporary folder):

- `ours_per_s`: confirmations a second through `Store.confirm`, each one transaction that is on
  disk when it returns: violation, two entries of history, message. Against `bare_per_s`: a loop
  of `sqlite3` alone that inserts the very same rows, bytes and indexes with the same durability
  (write-ahead log, synchronous FULL), one transaction each. The two take turns in short blocks, so
  that whatever else the machine does hits both; the figures are medians, `ratio` = ours / bare.
- `files_ms`, apart from it: one picture of 200 kB written, synced and renamed, folder synced.
- `claim_ms`, `list_ms`: the median time to claim a message (a transaction on disk) and to list the
  newest 100 messages, in a store with a year of 3,000 cases a day: violations, messages and
  attempts, made by bulk inserts. `posted_ms`: the posts of the last minute. `count_ms`: counting
  everything by its state, which reads an index of all of it.

Limit: a commit costs what the disk takes to sync, which both sides wait for; on a quicker disk the
ratio falls, because what is left is Python. With `--fast-disk` the folder is in memory, which
shows the least that the ratio can be.

    python -m benchmarks.outbox [--folder DIR | --fast-disk] [--cases N] [--blocks N]

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
from typing import Any

from cases import Store
from detectors import Moment, Role, Violation, violation_id

YEAR = 3000 * 365
"""Cases."""

BLOCK = 25
"""Confirmations before the other side has its turn."""

SPACING_S = 365 * 86400 // YEAR
TABLES = ("violations", "history", "deliveries")
PICTURE = bytes(200_000)
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


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    parent = "/dev/shm" if arguments.fast_disk else arguments.folder  # noqa: S108  # memory
    with tempfile.TemporaryDirectory(prefix="outbox-", dir=parent) as name:
        folder = Path(name)
        result = _rows(folder, arguments.blocks)
        files_ms = _median_ms(lambda: _write_picture(folder), 30)
        began_s = time.perf_counter()
        path = folder / "year.sqlite3"
        _make_year(path, arguments.cases)
        took_s = time.perf_counter() - began_s
        size_mb = path.stat().st_size / 1e6
        print(f"{arguments.cases} cases made in {took_s:.0f} s, {size_mb:.0f} MB")
        year = _year(path)
    print(
        f"confirmed {result['ours_per_s']:.0f}/s, bare inserts {result['bare_per_s']:.0f}/s, "
        f"ratio {result['ratio']:.2f}; a picture {files_ms:.2f} ms"
    )
    print(", ".join(f"{key} {value:.2f}" for key, value in year.items()))
    result |= year | {"files_ms": files_ms, "cases": float(arguments.cases)}
    print(json.dumps({key: round(value, 3) for key, value in result.items()}))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.outbox",
        description="The outbox against bare inserts, and after a year of cases.",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--folder", type=Path, help="where the stores are made")
    where.add_argument("--fast-disk", action="store_true", help="in memory, /dev/shm")
    parser.add_argument("--cases", type=int, default=YEAR, help=f"of the year (default {YEAR})")
    parser.add_argument("--blocks", type=int, default=12, help="of 25 confirmations (default 12)")
    return parser.parse_args()


def _rows(folder: Path, blocks: int) -> dict[str, float]:
    """Confirm and insert in turns; figures are medians over the blocks."""
    numbers = range(BLOCK * (blocks + 1))
    with Store.open(folder / "rows.sqlite3", site_id="bench") as store:
        for number in numbers:
            store.confirm(violation(number), None, PAYLOAD)
    bare = Bare(folder / "bare.sqlite3", folder / "rows.sqlite3")
    ours_s, bare_s = [], []
    with Store.open(folder / "ours.sqlite3", site_id="bench") as store:
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
    bare.raw.close()
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


def _make_year(path: Path, cases: int) -> None:
    """Fill a store; its indexes are taken away and put back, which is quicker for so many."""
    with Store.open(path, site_id="bench") as store:
        store.confirm(violation(0), None, PAYLOAD)
        (row,) = store.claim("courier", lease_s=60)
        store.sending(row)
        store.delivered(row, "2026-77")
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
    raw.execute("COMMIT")
    raw.close()


def _year(path: Path) -> dict[str, float]:
    with Store.open(path, site_id="bench") as store:
        last = max(row.created_at for row in store.deliveries(limit=1))

        def claim() -> None:
            assert store.claim("courier", lease_s=600)  # noqa: S101  # else it measures nothing

        measured: dict[str, Callable[[], Any]] = {
            "claim_ms": claim,
            "list_ms": lambda: store.deliveries(limit=100),
            "cases_ms": lambda: store.cases(camera_id="camera-7", limit=100),
            "posted_ms": lambda: store.posted_since(last - timedelta(seconds=60)),
        }
        result = {name: _median_ms(call, 50) for name, call in measured.items()}
        return result | {"count_ms": _median_ms(store.counts, 3)}


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
