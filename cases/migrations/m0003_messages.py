"""Version 3: several messages about a case, silences, second looks, and counts that are kept."""

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from cases.migrations.migration import Migration

_TIME = String(32).with_variant(String(32, collation="C"), "postgresql")

_STEPS = (
    "ALTER TABLE deliveries ADD COLUMN channel VARCHAR(16) NOT NULL DEFAULT 'case'",
    "ALTER TABLE deliveries ADD COLUMN standing VARCHAR(16)",
    "DROP INDEX deliveries_due",
    "DROP INDEX deliveries_leased",
    "CREATE INDEX deliveries_due ON deliveries (channel, state, next_attempt_at)",
    "CREATE INDEX deliveries_leased ON deliveries (channel, state, lease_until)",
    "CREATE INDEX violations_admitted ON violations (review, confirmed_at)",
    "CREATE INDEX violations_admitted_here ON violations (camera_id, kind, review, confirmed_at)",
)

_COUNTED = (
    "INSERT INTO tallies (what, n) SELECT 'violation:' || state, count(*) "
    "FROM violations GROUP BY state UNION ALL "
    "SELECT 'delivery:' || state, count(*) FROM deliveries GROUP BY state"
)


def _silences(metadata: MetaData) -> None:
    Table(
        "silences",
        metadata,
        Column("silence_id", Integer, primary_key=True),
        Column("violation_id", ForeignKey("violations.violation_id"), nullable=False),
        Column("camera_id", String(128), nullable=False),
        Column("zone_id", String(128), nullable=False),
        Column("kind", String(64), nullable=False),
        Column("box", Text, nullable=False),
        Column("made_at", _TIME, nullable=False),
        Column("until_at", _TIME, nullable=False),
        Column("by", String(128), nullable=False),
        Column("reason", Text, nullable=False),
        Column("lifted_at", _TIME),
        Column("lifted_by", String(128)),
        Index("silences_by_place", "camera_id", "kind", "until_at"),
        Index("silences_by_time", "until_at"),
    )


def _second_looks(metadata: MetaData) -> None:
    Table(
        "second_looks",
        metadata,
        Column("request_id", Integer, primary_key=True),
        Column("violation_id", ForeignKey("violations.violation_id"), nullable=False),
        Column("camera_id", String(128), nullable=False),
        Column("asked_at", _TIME, nullable=False),
        Column("asked_by", String(128), nullable=False),
        Column("reason", Text, nullable=False),
        Column("answered_at", _TIME),
        Column("answer", String(16)),
        Column("why", Text, nullable=False),
        Index("second_looks_open", "answered_at", "asked_at"),
        Index("second_looks_of", "violation_id", "request_id"),
    )


def _tallies(metadata: MetaData) -> None:
    Table(
        "tallies",
        metadata,
        Column("what", String(32), primary_key=True),
        Column("n", Integer, nullable=False),
    )
    Table(
        "tally_changes",
        metadata,
        Column("entry_id", Integer, primary_key=True),
        Column("what", String(32), nullable=False),
        Column("n", Integer, nullable=False),
    )


def _apply(connection: Connection) -> None:
    for step in _STEPS:
        connection.execute(text(step))
    metadata = MetaData()
    # Named by a foreign key, made by version 1.
    Table("violations", metadata, Column("violation_id", String(64), primary_key=True))
    _silences(metadata)
    _second_looks(metadata)
    _tallies(metadata)
    for table in metadata.sorted_tables:
        if table.name != "violations":
            table.create(connection, checkfirst=False)
    connection.execute(text(_COUNTED))


MESSAGES = Migration(3, "messages", _apply)
