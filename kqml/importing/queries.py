"""Reading an SQL query of any database that SQLAlchemy knows, in blocks of rows."""

import sqlalchemy
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from kqml.errors import BadUse, CouldNot, Fault
from kqml.importing.headers import match_header
from kqml.importing.mapping import TableMapping
from kqml.importing.relations import QuerySource, Relation
from kqml.importing.text_rows import TextRows
from kqml.importing.workspace import Workspace

_BLOCK = 20_000


def open_query(workspace: Workspace, source: QuerySource, part: TableMapping) -> Relation:
    """The mapped columns of the answer as a relation of text columns.

    Raises BadUse on an address that is none, CouldNot where the database refuses, Refused on wrong columns.
    """
    engine = _engine(source)
    try:
        with engine.connect().execution_options(stream_results=True) as connection:
            return _fetch(workspace, source, part, connection.execute(sqlalchemy.text(source.query)))
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise CouldNot(f"The query {source.label} failed at {engine.url!r}: {reason}") from error
    finally:
        engine.dispose()


def _engine(source: QuerySource) -> sqlalchemy.Engine:
    try:
        return sqlalchemy.create_engine(source.url)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        example = "use an address such as postgresql+psycopg://user@host/database or sqlite:///file.db"
        raise BadUse("The address given with --sql cannot be used.", [Fault("--sql", str(error), example)]) from error


def _fetch(
    workspace: Workspace, source: QuerySource, part: TableMapping, result: sqlalchemy.CursorResult[tuple[object, ...]]
) -> Relation:
    header = list(result.keys())
    columns = match_header(source.label, header, part).columns
    target = TextRows(workspace.fresh(".parquet"), list(columns))
    number = 0
    with target:
        for block in result.partitions(_BLOCK):
            for row in block:
                number += 1
                target.add(number, [row[index] for index in columns.values()])
    return target.relation(source.label)
