"""The tables as the newest migration leaves them.

A migration keeps its own frozen copy; a test proves that both give the same database.
"""

from sqlalchemy import (
    Column,
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

from cases.utc_time import UtcTime

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

migrations = Table(
    "migrations",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("name", String(128), nullable=False),
    Column("applied_at", String(32), nullable=False),
)

violations = Table(
    "violations",
    metadata,
    Column("violation_id", String(64), primary_key=True),
    Column("camera_id", String(128), nullable=False),
    Column("zone_id", String(128), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("review", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("confirmed_at", UtcTime),
    Column("dwell_s", Float, nullable=False),
    Column("record", Text, nullable=False),
    Column("evidence_folder", Text),
    Column("manifest_sha256", String(64)),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Index("violations_by_state", "state", "opened_at"),
    Index("violations_by_camera", "camera_id", "opened_at"),
    Index("violations_by_time", "opened_at"),
    Index("violations_by_review", "review", "state", "opened_at"),
    Index("violations_by_camera_state", "camera_id", "state", "opened_at"),
    Index("violations_admitted", "review", "confirmed_at"),
    Index("violations_admitted_here", "camera_id", "kind", "review", "confirmed_at"),
)

history = Table(
    "history",
    metadata,
    Column("entry_id", Integer, primary_key=True),
    Column("violation_id", ForeignKey("violations.violation_id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("what", String(32), nullable=False),
    Column("by", String(128), nullable=False),
    Column("reason", Text, nullable=False),
    Index("history_by_violation", "violation_id", "entry_id"),
)

# No foreign key: a look is pinned when something arrives, before a violation is opened.
pins = Table(
    "pins",
    metadata,
    Column("violation_id", String(64), primary_key=True),
    Column("at_s", Float, primary_key=True),
    Column("camera_id", String(128), nullable=False),
    Column("path", Text, nullable=False),
    Index("pins_by_path", "path"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", String(128), primary_key=True),
    Column("violation_id", ForeignKey("violations.violation_id"), nullable=False),
    Column("message", String(16), nullable=False),
    Column("case_key", String(128), nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", UtcTime, nullable=False),
    Column("lease_owner", String(128)),
    Column("lease_until", UtcTime),
    Column("sent_at", UtcTime),
    Column("post_again_by", String(128)),
    Column("remote_case_id", String(128)),
    Column("remote_token", String(128)),
    Column("last_error", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("delivered_at", UtcTime),
    Column("channel", String(16), nullable=False, server_default="case"),
    Column("standing", String(16)),
    UniqueConstraint("violation_id", "message", name="deliveries_once"),
    Index("deliveries_due", "channel", "state", "next_attempt_at"),
    Index("deliveries_leased", "channel", "state", "lease_until"),
    Index("deliveries_by_time", "created_at"),
    Index("deliveries_by_state", "state", "created_at"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", ForeignKey("deliveries.delivery_id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("owner", String(128), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("outcome", String(16)),
    Column("error", Text, nullable=False),
    Index("attempts_by_sent", "sent_at"),
)

watches = Table(
    "watches",
    metadata,
    Column("camera_id", String(128), primary_key=True),
    Column("snapshot", Text, nullable=False),
    Column("saved_at", UtcTime, nullable=False),
)

silences = Table(
    "silences",
    metadata,
    Column("silence_id", Integer, primary_key=True),
    Column("violation_id", ForeignKey("violations.violation_id"), nullable=False),
    Column("camera_id", String(128), nullable=False),
    Column("zone_id", String(128), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("box", Text, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("until_at", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Column("reason", Text, nullable=False),
    Column("lifted_at", UtcTime),
    Column("lifted_by", String(128)),
    Index("silences_by_place", "camera_id", "kind", "until_at"),
    Index("silences_by_time", "until_at"),
)

second_looks = Table(
    "second_looks",
    metadata,
    Column("request_id", Integer, primary_key=True),
    Column("violation_id", ForeignKey("violations.violation_id"), nullable=False),
    Column("camera_id", String(128), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("asked_by", String(128), nullable=False),
    Column("reason", Text, nullable=False),
    Column("answered_at", UtcTime),
    Column("answer", String(16)),
    Column("why", Text, nullable=False),
    Index("second_looks_open", "answered_at", "asked_at"),
    Index("second_looks_of", "violation_id", "request_id"),
)

tallies = Table(
    "tallies",
    metadata,
    Column("what", String(32), primary_key=True),
    Column("n", Integer, nullable=False),
)

# Added to `tallies` now and then: writers that only insert never wait for each other.
tally_changes = Table(
    "tally_changes",
    metadata,
    Column("entry_id", Integer, primary_key=True),
    Column("what", String(32), nullable=False),
    Column("n", Integer, nullable=False),
)
