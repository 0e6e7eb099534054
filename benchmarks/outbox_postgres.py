"""The outbox's figures on a real PostgreSQL: bare inserts, and a year of cases."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import psycopg

from benchmarks.postgres import Cluster, cluster, missing

_FLAGS = "synchronous_commit=on"


@contextmanager
def server() -> Iterator[Cluster]:
    """Run Debian's PostgreSQL with fsync. SystemExit where there is none."""
    reason = missing()
    if reason is not None:
        raise SystemExit(reason)
    with cluster(fsync=True) as running:
        yield running


class BarePostgres:
    """Inserts ready rows with psycopg alone, into the same tables with the same durability."""

    def __init__(self, running: Cluster, database: str, like: str, tables: Sequence[str]) -> None:
        self.raw = psycopg.connect(running.url_with_password(database), options=f"-c {_FLAGS}")
        self.rows = {}
        self.inserts = {}
        with running.connect(like) as made:
            for name in tables:
                found = made.execute(f"SELECT * FROM {name}".encode())  # noqa: S608  # as inserted
                self.rows[name] = found.fetchall()
                marks = ", ".join(["%s"] * len(self.rows[name][0]))
                self.inserts[name] = f"INSERT INTO {name} VALUES ({marks})".encode()  # noqa: S608
        self.done = 0

    def insert(self) -> None:
        """Insert the rows of the next case, on disk when this returns."""
        with self.raw.transaction(), self.raw.cursor() as cursor:
            for name, rows in self.rows.items():
                each = len(rows) // len(self.rows["violations"])
                first = self.done * each
                cursor.executemany(self.inserts[name], rows[first : first + each])
        self.done += 1

    def close(self) -> None:
        """End the connection."""
        self.raw.close()


def make_year(
    running: Cluster,
    database: str,
    bulks: Sequence[tuple[str, Mapping[str, str]]],
    *,
    cases: int,
    first_s: int,
    spacing_s: int,
) -> None:
    """Copy the one case of a store `cases` times, by the columns that differ."""
    with running.connect(database) as raw:
        raw.execute(
            "CREATE TEMP TABLE counted AS SELECT i, lpad(to_hex(i), 32, '0') AS key_, "
            "to_char(to_timestamp(%s + i * %s) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS') "
            "|| '.000000+00:00' AS at_ FROM generate_series(1, %s) AS i",
            (first_s, spacing_s, cases),
        )
        for table, values in bulks:
            found = raw.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s "
                "ORDER BY ordinal_position",
                (table,),
            ).fetchall()
            made = ", ".join(values.get(str(column), f"one.{column}") for (column,) in found)
            raw.execute(
                f"INSERT INTO {table} SELECT {made} "  # noqa: S608  # our own names
                f"FROM counted, (SELECT * FROM {table} LIMIT 1) AS one".encode()
            )
