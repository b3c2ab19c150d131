"""Reading CSV of any size: our own eye on header, delimiter and encoding, DuckDB for the rows."""

import codecs
import csv
import gzip
from pathlib import Path
from typing import IO, cast

from kqml.errors import Fault, Refused
from kqml.importing.mapping import TableMapping
from kqml.importing.relations import ROW, Relation, column_faults, file_literal, literal, one_row, selected
from kqml.importing.workspace import Workspace

SUFFIXES = (".csv", ".tsv", ".txt")
DELIMITERS = (",", ";", "\t", "|")
_BLOCK = 1 << 20


def is_csv(path: Path) -> bool:
    """Whether the name is that of a CSV file, gzipped or not."""
    return path.name.lower().removesuffix(".gz").endswith(SUFFIXES)


def open_csv(workspace: Workspace, path: Path, part: TableMapping) -> Relation:
    """The file as a relation of text columns. Raises Refused on an empty file, wrong columns, a wrong encoding."""
    plain = _in_utf8(workspace, path, part.encoding)
    header, delimiter = _header(path.name, plain, part.delimiter)
    faults = column_faults(path.name, header, part)
    if faults:
        raise Refused(f"The columns of {path.name} are not those of the mapping.", faults)
    names = _unique(header)
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    options = f"delim={literal(delimiter)}, quote='\"', escape='\"', store_rejects=true, rejects_limit=1000"
    read = f"read_csv({file_literal(plain)}, header=true, auto_detect=false, columns={{{columns}}}, {options})"
    sql = f"(SELECT row_number() OVER () + 1 AS {ROW}{selected(part.source_columns())} FROM {read})"
    return Relation(path.name, sql, dict.fromkeys(part.source_columns(), "VARCHAR"))


def reject_faults(workspace: Workspace) -> list[Fault]:
    """The lines that DuckDB could not read in any CSV file so far: wrong number of fields, broken text or quotes."""
    rows = workspace.connection.execute(
        "SELECT f.file_path, e.error_type, min(e.line), count(*), arg_min(e.error_message, e.line)"
        " FROM reject_errors e JOIN reject_scans f USING (scan_id, file_id) GROUP BY ALL ORDER BY 1, 3"
        if _has_rejects(workspace)
        else "SELECT NULL, NULL, NULL, NULL, NULL WHERE false"
    ).fetchall()
    return [
        Fault(f"{Path(path).name} line {line}", f"{_REJECTS.get(kind, message)} ({count} such lines)", _todo(kind))
        for path, kind, line, count, message in rows
    ]


_REJECTS = {
    "TOO MANY COLUMNS": "has more fields than the header",
    "MISSING COLUMNS": "has fewer fields than the header",
    "INVALID ENCODING": "is not UTF-8",
    "UNQUOTED VALUE": "has a quote that does not close",
}


def _todo(kind: str) -> str:
    if kind == "INVALID ENCODING":
        return 'say encoding = "gb18030" (or the true one) in the mapping'
    return "correct the line; say `delimiter` in the mapping where it is not the one found"


def _has_rejects(workspace: Workspace) -> bool:
    count = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'reject_errors'"
    return bool(one_row(workspace.connection, count)[0])


def _header(label: str, plain: Path, delimiter: str | None) -> tuple[list[str], str]:
    try:
        first = _first_record(plain)
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile) as error:
        todo = 'say encoding = "gb18030" (or the true one) in the mapping, or export it again'
        raise Refused(f"{label} cannot be read as text.", [Fault(label, str(error), todo)]) from error
    if not first.strip():
        raise Refused(f"{label} is empty.", [Fault(label, "has no header", "export it again")])
    used = delimiter or max(DELIMITERS, key=lambda mark: _outside_quotes(first).count(mark))
    return [name.strip() for name in next(csv.reader([first], delimiter=used))], used


def _first_record(plain: Path) -> str:
    """The first line, with those after it while a quote is open."""
    record = b""
    with _open(plain) as file:
        while (line := file.readline(_BLOCK)) and len(record) < _BLOCK:
            record += line
            if record.count(b'"') % 2 == 0:
                break
    return record.decode("utf-8-sig")


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2])


def _unique(header: list[str]) -> list[str]:
    """The header with names for the columns without one or with a repeated one, which the mapping does not read."""
    seen: set[str] = set()
    names = []
    for index, name in enumerate(header):
        fresh = name if name and name.lower() not in seen else f"{name}__{index}"
        seen.add(fresh.lower())
        names.append(fresh)
    return names


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path, "rb")) if path.name.lower().endswith(".gz") else path.open("rb")


def _in_utf8(workspace: Workspace, path: Path, encoding: str) -> Path:
    """The file itself, or a copy in UTF-8 where the mapping says that it is not."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except LookupError as error:
        todo = "use a name such as utf-8, gb18030, utf-16"
        raise Refused(f"{path.name} cannot be read.", [Fault("encoding", f"{encoding!r} is unknown", todo)]) from error
    if codecs.lookup(encoding).name in ("utf-8", "ascii"):
        return path
    copy = workspace.fresh("-" + path.name.removesuffix(".gz"))
    try:
        with _open(path) as source, copy.open("w", encoding="utf-8", newline="") as target:
            while block := source.read(_BLOCK):
                target.write(decoder.decode(block))
            target.write(decoder.decode(b"", final=True))
    except UnicodeDecodeError as error:
        todo = "say the true encoding in the mapping"
        raise Refused(f"{path.name} is not {encoding}.", [Fault(path.name, str(error), todo)]) from error
    return copy
