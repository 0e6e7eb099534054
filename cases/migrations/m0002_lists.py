"""Version 2: indexes for what is listed by two things at once, and for posts by their time."""

from sqlalchemy import Connection, text

from cases.migrations.migration import Migration

_STEPS = (
    "DROP INDEX violations_by_review",
    "CREATE INDEX violations_by_review ON violations (review, state, opened_at)",
    "CREATE INDEX violations_by_camera_state ON violations (camera_id, state, opened_at)",
    "CREATE INDEX attempts_by_sent ON attempts (sent_at)",
)


def _apply(connection: Connection) -> None:
    for step in _STEPS:
        connection.execute(text(step))


LISTS = Migration(2, "lists", _apply)
