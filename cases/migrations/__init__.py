"""Numbered changes of the store's tables, oldest first."""

from cases.migrations.m0001_first import FIRST
from cases.migrations.m0002_lists import LISTS
from cases.migrations.m0003_messages import MESSAGES
from cases.migrations.migration import Migration, current_version, migrate

MIGRATIONS: tuple[Migration, ...] = (FIRST, LISTS, MESSAGES)

__all__ = ["MIGRATIONS", "Migration", "current_version", "migrate"]
