"""Version 1: violations, pins, outbox, attempts, history, watches."""

from sqlalchemy import (
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from cases.migrations.migration import Migration

# Compared byte by byte on PostgreSQL too, whatever language its texts are sorted in.
_TIME = String(32).with_variant(String(32, collation="C"), "postgresql")


def _violations(metadata: MetaData) -> None:
    Table(
        "violations",
        metadata,
        Column("violation_id", String(64), primary_key=True),
        Column("camera_id", String(128), nullable=False),
        Column("zone_id", String(128), nullable=False),
        Column("kind", String(64), nullable=False),
        Column("state", String(16), nullable=False),
        Column("review", String(16), nullable=False),
        Column("reason", Text, nullable=False),
        Column("opened_at", _TIME, nullable=False),
        Column("last_at", _TIME, nullable=False),
        Column("confirmed_at", _TIME),
        Column("dwell_s", Float, nullable=False),
        Column("record", Text, nullable=False),
        Column("evidence_folder", Text),
        Column("manifest_sha256", String(64)),
        Column("created_at", _TIME, nullable=False),
        Column("updated_at", _TIME, nullable=False),
        Index("violations_by_state", "state", "opened_at"),
        Index("violations_by_camera", "camera_id", "opened_at"),
        Index("violations_by_time", "opened_at"),
        Index("violations_by_review", "review", "opened_at"),
    )
    Table(
        "history",
        metadata,
        Column("entry_id", Integer, primary_key=True),
        Column("violation_id", ForeignKey("violations.violation_id"), nullable=False),
        Column("at", _TIME, nullable=False),
        Column("what", String(32), nullable=False),
        Column("by", String(128), nullable=False),
        Column("reason", Text, nullable=False),
        Index("history_by_violation", "violation_id", "entry_id"),
    )


def _outbox(metadata: MetaData) -> None:
    Table(
        "deliveries",
        metadata,
        Column("delivery_id", String(128), primary_key=True),
        Column("violation_id", ForeignKey("violations.violation_id"), nullable=False),
        Column("message", String(16), nullable=False),
        Column("case_key", String(128), nullable=False),
        Column("payload", Text, nullable=False),
        Column("state", String(16), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("next_attempt_at", _TIME, nullable=False),
        Column("lease_owner", String(128)),
        Column("lease_until", _TIME),
        Column("sent_at", _TIME),
        Column("post_again_by", String(128)),
        Column("remote_case_id", String(128)),
        Column("remote_token", String(128)),
        Column("last_error", Text, nullable=False),
        Column("created_at", _TIME, nullable=False),
        Column("updated_at", _TIME, nullable=False),
        Column("delivered_at", _TIME),
        UniqueConstraint("violation_id", "message", name="deliveries_once"),
        Index("deliveries_due", "state", "next_attempt_at"),
        Index("deliveries_leased", "state", "lease_until"),
        Index("deliveries_by_time", "created_at"),
        Index("deliveries_by_state", "state", "created_at"),
    )
    Table(
        "attempts",
        metadata,
        Column("delivery_id", ForeignKey("deliveries.delivery_id"), primary_key=True),
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("owner", String(128), nullable=False),
        Column("started_at", _TIME, nullable=False),
        Column("sent_at", _TIME),
        Column("ended_at", _TIME),
        Column("outcome", String(16)),
        Column("error", Text, nullable=False),
    )


def _rest(metadata: MetaData) -> None:
    Table(
        "meta",
        metadata,
        Column("key", String(64), primary_key=True),
        Column("value", Text, nullable=False),
    )
    Table(
        "pins",
        metadata,
        Column("violation_id", String(64), primary_key=True),
        Column("at_s", Float, primary_key=True),
        Column("camera_id", String(128), nullable=False),
        Column("path", Text, nullable=False),
        Index("pins_by_path", "path"),
    )
    Table(
        "watches",
        metadata,
        Column("camera_id", String(128), primary_key=True),
        Column("snapshot", Text, nullable=False),
        Column("saved_at", _TIME, nullable=False),
    )


def _apply(connection: Connection) -> None:
    metadata = MetaData()
    _violations(metadata)
    _outbox(metadata)
    _rest(metadata)
    metadata.create_all(connection, checkfirst=False)


FIRST = Migration(1, "first", _apply)
