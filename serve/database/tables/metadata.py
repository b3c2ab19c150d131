"""Naming of constraints and column types shared by all tables."""

from typing import Any

from sqlalchemy import BigInteger, Column, MetaData, Text
from sqlalchemy.types import TypeEngine

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

PLAIN_TEXT: TypeEngine[str] = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by code points on every database, as the dataset's key order does."""


def words(name: str, **options: Any) -> "Column[Any]":
    """Return a text column: ids, codes, JSON."""
    return Column(name, PLAIN_TEXT, **options)


def instant(name: str, **options: Any) -> "Column[Any]":
    """Return a column of instants: int64 microseconds since 1970 UTC."""
    return Column(name, BigInteger, **options)
