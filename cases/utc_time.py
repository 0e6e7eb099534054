"""Times in the database: the same in SQLite and PostgreSQL."""

from datetime import UTC, datetime

from sqlalchemy import Dialect, String
from sqlalchemy.types import TypeDecorator


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC time as ISO text of fixed width, so that text order is time order."""

    impl = String(32).with_variant(String(32, collation="C"), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Write an aware time; a naive one raises ValueError."""
        del dialect
        return None if value is None else utc_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """Read an aware time."""
        del dialect
        return None if value is None else datetime.fromisoformat(value)


def utc_text(at: datetime) -> str:
    """Write a time as the store does: `2026-01-05T04:00:00.000000+00:00`."""
    if at.tzinfo is None:
        raise ValueError(f"expected an aware time, got {at.isoformat()}")
    return at.astimezone(UTC).isoformat(timespec="microseconds")
