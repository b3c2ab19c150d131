"""Append-only tables, protected by triggers: only a transaction that has inserted a row into `erasing` may change or
delete their rows. It deletes that row before it ends."""

from collections.abc import Iterable

from sqlalchemy import Connection

_FUNCTION = """
CREATE OR REPLACE FUNCTION kqml_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'TRUNCATE' AND EXISTS (SELECT 1 FROM erasing) THEN
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$
"""


def protect(connection: Connection, tables: Iterable[str]) -> None:
    """Create the triggers of these tables; the table `erasing` must exist."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(_FUNCTION.replace("%", "%%"))
    make = _sqlite if connection.dialect.name == "sqlite" else _postgresql
    for table in tables:
        for statement in make(table):
            connection.exec_driver_sql(statement)


def unprotect(connection: Connection, tables: Iterable[str]) -> None:
    """Drop the triggers; on SQLite they are dropped with their tables."""
    if connection.dialect.name == "sqlite":
        return
    for table in tables:
        connection.exec_driver_sql(f"DROP TRIGGER {table}_append_only ON {table}")
        connection.exec_driver_sql(f"DROP TRIGGER {table}_not_truncated ON {table}")


def _sqlite(table: str) -> list[str]:
    return [
        f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} WHEN NOT EXISTS (SELECT 1 FROM erasing)"
        f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for change in ("UPDATE", "DELETE")
    ]


def _postgresql(table: str) -> list[str]:
    call = "EXECUTE FUNCTION kqml_append_only()"
    return [
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {call}",
        f"CREATE TRIGGER {table}_not_truncated BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {call}",
    ]
