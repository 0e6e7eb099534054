"""Inserts that give way to a row which is there already."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

from cases.store.database import POSTGRESQL


def add_new(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Add a row in one statement. False: its key was there, and nothing was changed.

    On PostgreSQL somebody else may be adding the same one right now: this waits for its fate.
    """
    # Made once: putting a statement together takes longer than running it.
    return connection.execute(_adding_new(connection.dialect.name, table), row).first() is not None


@cache
def _adding_new(dialect: str, table: Table) -> Executable:
    kind = postgresql.insert if dialect == POSTGRESQL else sqlite.insert
    return kind(table).on_conflict_do_nothing().returning(*table.primary_key.columns)


def adding(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an insert with `on_conflict_...`, which both databases know in their own words."""
    if connection.dialect.name == POSTGRESQL:
        return postgresql.insert(table)
    return sqlite.insert(table)
