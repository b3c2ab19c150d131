"""Which file or query feeds which part of a mapping, opened by its format."""

from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from kqml.errors import BadUse, Fault, KqmlError, Refused
from kqml.importing.csv_files import is_csv, open_csv
from kqml.importing.excel import is_excel, open_excel
from kqml.importing.headers import match_header
from kqml.importing.mapping import ImportMapping, TableMapping
from kqml.importing.queries import open_query
from kqml.importing.relations import (
    ROW,
    FileSource,
    QuerySource,
    Relation,
    Source,
    file_literal,
    selected,
)
from kqml.importing.workspace import Workspace

FORMATS = "CSV (.csv, .tsv, .txt, also .gz), Excel (.xlsx, .xlsm) or Parquet (.parquet)"

Fed = tuple[str, TableMapping, Source]
"""A table of ours, the part of the mapping that fills it, a source that this part reads."""


def sources_of(files: Sequence[Path], query: tuple[str, str] | None) -> list[Source]:
    """What the command line names: files, and maybe a database address with a query, which `files` calls `sql`."""
    return [*(FileSource(path) for path in files), *([QuerySource(*query, "sql")] if query else [])]


def assign_sources(mapping: ImportMapping, sources: Sequence[Source]) -> list[Fed]:
    """Every part of the mapping with each source that it reads, in order; a source may feed several parts.

    Raises BadUse with every source that nothing reads and every part that nothing feeds.
    """
    fed = [
        (table, part, source)
        for table, _, part in mapping.parts()
        for source in sources
        if any(fnmatch(source.label.lower(), pattern.lower()) for pattern in part.files)
    ]
    used = [source for _, _, source in fed]
    patterns = ", ".join(pattern for _, _, part in mapping.parts() for pattern in part.files)
    faults = [
        Fault(source.label, "matches no `files` of the mapping", f"rename it, or change `files` (now {patterns})")
        for source in sources
        if source not in used
    ]
    for table, index, part in mapping.parts():
        if not part.optional and not any(used_by is part for _, used_by, _ in fed):
            what = f"no file or query was given for it ({', '.join(part.files)})"
            faults.append(Fault(f"{table}[{index + 1}]", what, "name it on the command line, or say optional = true"))
    if faults:
        raise BadUse("The files do not fit the mapping.", faults)
    return fed


def require_files(sources: Sequence[Source]) -> None:
    """Raises BadUse with every file that does not exist or whose format cannot be read."""
    faults = []
    for source in (source for source in sources if isinstance(source, FileSource)):
        if not source.path.is_file():
            faults.append(Fault(str(source.path), "does not exist or is not a file", "correct the path"))
        elif not (is_csv(source.path) or is_excel(source.path) or is_parquet(source.path)):
            faults.append(Fault(str(source.path), "is of no known format", f"give {FORMATS}"))
    if not sources:
        faults.append(Fault("FILE", "nothing to import", "name a file, or give --sql URL QUERY"))
    if faults:
        raise BadUse("The files cannot be imported.", faults)


Opened = tuple[str, TableMapping, Relation]
"""A table of ours, the part of the mapping that fills it, what to read."""


def open_all(workspace: Workspace, fed: Sequence[Fed]) -> list[Opened]:
    """The relations of each, in order. Raises Refused with the faults of all that cannot be read."""
    opened: list[Opened] = []
    refusals = []
    for table, part, source in fed:
        try:
            opened += [(table, part, relation) for relation in _open(workspace, source, part)]
        except Refused as error:
            refusals.append(error)
    if refusals:
        raise _joined(refusals)
    return opened


def _joined(refusals: Sequence[KqmlError]) -> Refused:
    if len(refusals) == 1:
        return Refused(f"{refusals[0].message} Nothing was written.", refusals[0].faults)
    faults = [fault for refusal in refusals for fault in refusal.faults]
    return Refused("Several sources cannot be read. Nothing was written.", list(dict.fromkeys(faults)))


def _open(workspace: Workspace, source: Source, part: TableMapping) -> list[Relation]:
    if isinstance(source, QuerySource):
        return [open_query(workspace, source, part)]
    if source.path.stat().st_size == 0:
        raise Refused(f"{source.label} is empty.", [Fault(source.label, "holds not one byte", "export it again")])
    if is_parquet(source.path):
        return [_open_parquet(workspace, source.path, part)]
    if is_excel(source.path):
        return open_excel(workspace, source.path, part)
    return [open_csv(workspace, source.path, part)]


def is_parquet(path: Path) -> bool:
    return path.suffix.lower() in (".parquet", ".pq")


def _open_parquet(workspace: Workspace, path: Path, part: TableMapping) -> Relation:
    try:
        with pq.ParquetFile(path) as file:
            header = list(file.schema_arrow.names)
    except (pa.ArrowException, OSError) as error:
        fault = Fault(
            path.name, f"is not a whole Parquet file: {str(error).splitlines()[0]}", "copy or export it again"
        )
        raise Refused(f"{path.name} cannot be read.", [fault]) from error
    columns = {name: header[index] for name, index in match_header(path.name, header, part).columns.items()}
    read = f"read_parquet({file_literal(path)})"
    described = workspace.connection.execute(f"DESCRIBE SELECT * FROM {read}").fetchall()
    sql = f"(SELECT row_number() OVER () AS {ROW}{selected(columns)} FROM {read})"
    types = {row[0]: row[1] for row in described}
    return Relation(path.name, sql, {name: types[theirs] for name, theirs in columns.items()})
