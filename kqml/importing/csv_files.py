"""Reading CSV of any size: our own eye on encoding, delimiter, header, DuckDB for the rows from the header on."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from kqml.errors import Fault, Refused
from kqml.importing.csv_records import csv_records
from kqml.importing.findings import Finding, FindingLevel
from kqml.importing.headers import SEARCHED_ROWS, Header, find_header, match_quality
from kqml.importing.mapping import TableMapping
from kqml.importing.packed_files import first_bytes, unpack
from kqml.importing.relations import ROW, Relation, file_literal, literal, one_row, quoted, selected
from kqml.importing.row_numbers import count_blank_lines, numbered_sql
from kqml.importing.swallowed_rows import CsvRows, count_lines, key_column, swallowed_findings
from kqml.importing.workspace import Workspace

SUFFIXES = (".csv", ".tsv", ".txt")
DELIMITERS = (",", ";", "\t", "|")
_BLOCK = 1 << 20
_EXAMPLES = 5
_TRAILING = 64
"""So many fields beyond the header may stand in a line, if they are empty."""

_ABSENT = "\x01"
"""What no field is; so an empty field stays text, and only one that a line lacks is NULL."""

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_UNDECODED = "".join(map(chr, range(0xDC80, 0xDD00)))
"""What Python makes of bytes that are no UTF-8."""

_LEAST_NULS = 10
"""UTF-16 without a mark has a zero byte in one of two bytes; where there is less than one in so many, it is none."""

_SEP = re.compile(r'"?sep=(.)"?', re.IGNORECASE)


@dataclass(frozen=True)
class _Layout:
    """How a file in UTF-8 is laid out: `start`: the byte at which data begin, which stand `lines` lines below its top.
    `first`: the number of the first row of data."""

    delimiter: str
    header: Header
    start: int
    lines: int
    first: int


def is_csv(path: Path) -> bool:
    """Whether the name is that of a CSV file, gzipped or not."""
    return path.name.lower().removesuffix(".gz").endswith(SUFFIXES)


def open_csv(workspace: Workspace, path: Path, part: TableMapping) -> Relation:
    """The file as a relation of text columns. Raises Refused on an empty file, wrong columns, a wrong encoding."""
    plain = _in_utf8(workspace, path.name, unpack(workspace, path), part.encoding)
    layout = _layout(path.name, plain, part)
    names = _unique(layout.header.names)
    columns = {name: names[index] for name, index in layout.header.columns.items()}
    findings = layout.header.findings(path.name)
    if layout.lines > 1:
        plain = _data_alone(workspace, plain, layout.start)
    start = layout.start if layout.lines == 1 else 0
    blanks = count_blank_lines(workspace, plain, start, layout.delimiter, part)
    read = numbered_sql(_read_sql(plain, names, layout, part, f"skip={int(layout.lines == 1)}"), layout.first, blanks)
    sql = f"(SELECT {ROW}{selected(columns)} FROM {read})"
    reread = partial(_reread, workspace, path.name, plain, part, layout)
    look = partial(_look_inside, workspace, (plain, start), _rows(path.name, read, names, layout, part), part)
    return Relation(path.name, sql, dict.fromkeys(columns, "VARCHAR"), findings, reread, look)


def _rows(label: str, read: str, names: Sequence[str], layout: _Layout, part: TableMapping) -> CsvRows:
    key = key_column(part)
    place = 0 if key is None else layout.header.columns.get(key, 0)
    return CsvRows(label, read, tuple(names), layout.delimiter, place)


def _look_inside(
    workspace: Workspace, data: tuple[Path, int], rows: CsvRows, part: TableMapping, count: int
) -> Sequence[Finding]:
    """The rows that stand inside fields, looked for only where there are more lines than rows."""
    path, start = data
    with path.open("rb") as file:
        lines = count_lines(file, start)
    return swallowed_findings(workspace, rows, part) if lines > count else ()


def _read_sql(plain: Path, names: Sequence[str], layout: _Layout, part: TableMapping, *more: str) -> str:
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    escape = part.quote if part.escape is None else part.escape
    options = [
        "auto_detect=false, header=false, store_rejects=true, rejects_limit=1000",
        f"columns={{{columns}}}, delim={literal(layout.delimiter)}",
        f"quote={literal(part.quote)}, escape={literal(escape)}",
    ]
    return f"read_csv({file_literal(plain)}, {', '.join([*options, *more])})"


def _reread(workspace: Workspace, label: str, plain: Path, part: TableMapping, layout: _Layout) -> Relation:
    """The relation of a file with lines of several lengths or line ends.

    Fields that a line lacks are empty, empty ones beyond the header are left out. Raises Refused where a line lacks a
    field that the mapping reads, or holds one for which there is no column, and on lines that nothing reads.
    """
    names = _unique(layout.header.names)
    extra = [f"__beyond_{index}" for index in range(_TRAILING)]
    start = layout.start if layout.lines == 1 else 0
    even = _data_alone(workspace, plain, start, even=True)
    options = "null_padding=true, parallel=false, nullstr=" + literal(_ABSENT)
    blanks = count_blank_lines(workspace, even, 0, layout.delimiter, part)
    read = numbered_sql(_read_sql(even, [*names, *extra], layout, part, options), layout.first, blanks)
    table = f"lines_{next(workspace.numbers)}"
    beyond = " || ".join(f"coalesce(trim({quoted(name)}), '')" for name in extra)
    columns = {name: names[index] for name, index in layout.header.columns.items()}
    lacking = " OR ".join(f"{quoted(theirs)} IS NULL" for theirs in columns.values())
    workspace.connection.execute(
        f"CREATE TABLE {table} AS SELECT {ROW}{selected(columns)},"
        f" {quoted(names[-1])} IS NULL AS short, {lacking} AS lacking, {beyond} <> '' AS long FROM {read}"
    )
    faults = _reject_faults(workspace, label, plain, part, layout.first - 1)
    faults += _length_faults(workspace, table, label, part)
    if faults:
        raise Refused("Lines of CSV files cannot be read. Nothing was written.", faults)
    findings = [*layout.header.findings(label), *_padded(workspace, table, label)]
    look = partial(_look_inside, workspace, (even, 0), _rows(label, read, names, layout, part), part)
    return Relation(label, table, dict.fromkeys(columns, "VARCHAR"), tuple(findings), look_inside=look)


def _length_faults(workspace: Workspace, table: str, label: str, part: TableMapping) -> list[Fault]:
    refused = [("long", "more", "delete what stands beyond the last column, or quote fields that hold the delimiter")]
    if part.short_rows == "refuse":
        refused.append(("lacking", "fewer", 'correct the lines; if what is absent is empty, say short_rows = "pad"'))
    faults = []
    for column, word, todo in refused:
        count, first = one_row(
            workspace.connection, f"SELECT count(*), min({ROW}) FROM {table} WHERE {column} AND {ROW} IS NOT NULL"
        )
        if count:
            what = f"has {word} fields than the header ({count} such lines)"
            faults.append(Fault(f"{label} line {first}", what, todo))
    return faults


def _padded(workspace: Workspace, table: str, label: str) -> list[Finding]:
    count, total, rows = one_row(
        workspace.connection,
        f"SELECT count(*) FILTER (short), count(*), min({ROW}, {_EXAMPLES}) FILTER (short) FROM {table}",
    )
    if not count:
        return []
    share = count / total
    return [Finding("short_rows", FindingLevel.WARNING, "", "", count, share, source=label, rows=tuple(rows))]


def _reject_faults(workspace: Workspace, label: str, plain: Path, part: TableMapping, above: int) -> list[Fault]:
    """The lines that DuckDB could not read since this was asked last: broken text or quotes, wrong number of fields."""
    if not has_rejects(workspace):
        return []
    rows = workspace.connection.execute(
        "SELECT error_type, min(line), count(*), arg_min(error_message, line), arg_min(csv_line, line)"
        " FROM reject_errors GROUP BY ALL ORDER BY 2"
    ).fetchall()
    forget_rejects(workspace)
    return [
        Fault(
            f"{label} line {line + above}",
            f"{_REJECTS.get(kind, message)} ({count} such lines)",
            _todo(kind, plain, part, text or ""),
        )
        for kind, line, count, message, text in rows
    ]


def has_rejects(workspace: Workspace) -> bool:
    """Whether DuckDB has passed over lines."""
    count = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'reject_errors'"
    if not one_row(workspace.connection, count)[0]:
        return False
    return bool(one_row(workspace.connection, "SELECT count(*) FROM reject_errors")[0])


def forget_rejects(workspace: Workspace) -> None:
    """Make the next question about rejects one about later files."""
    for table in ("reject_errors", "reject_scans"):
        workspace.connection.execute(f"DROP TABLE IF EXISTS {table}")


_REJECTS = {
    "TOO MANY COLUMNS": "has more fields than the header",
    "MISSING COLUMNS": "has fewer fields than the header",
    "INVALID ENCODING": "is not UTF-8",
    "UNQUOTED VALUE": "has a quote that does not close",
}


def _todo(kind: str, plain: Path, part: TableMapping, line: str) -> str:
    if kind == "INVALID ENCODING":
        return _encoding_hint(plain)
    if kind == "UNQUOTED VALUE" and part.escape is None and "\\" + part.quote in line:
        return r'say escape = "\\" in the mapping: the file writes quotes as \"'
    if kind == "UNQUOTED VALUE":
        return 'correct the line, or say quote = "" in the mapping where quotes are ordinary characters'
    return "correct the line; say `delimiter` in the mapping where it is not the one found"


_SAMPLED_LINES, _MIXED = 200, 0.2
"""Of so many lines of a block one looks at the encoding; if more than this share of those beyond ASCII is in UTF-8, the
file is not in another encoding alone: a short text of one may be valid UTF-8 by chance."""


_SINGLE_BYTES = ("cp", "iso8859", "latin", "koi8", "mac")
"""How encodings begin that have one byte for each character."""


def _share_in_utf8(path: Path, encoding: str) -> float:
    """The share of the lines beyond ASCII that are UTF-8, though the file is said to be in another encoding."""
    # Two bytes of GBK may be UTF-8 by chance (瓶), hardly ever three.
    first = "\x80" if codecs.lookup(encoding).name.startswith(_SINGLE_BYTES) else "\u0800"
    valid = total = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            lines = block.split(b"\n")
            for line in lines[1 :: 1 + len(lines) // _SAMPLED_LINES]:
                if not line.isascii():
                    total += 1
                    valid += _is_utf8(line, first)
    return valid / total if total else 0.0


def _is_utf8(line: bytes, first: str) -> bool:
    """Whether a line is UTF-8 that holds a character from `first` on."""
    try:
        return max(line.decode("utf-8")) >= first
    except UnicodeDecodeError:
        return False


def _encoding_hint(path: Path) -> str:
    """What to say of the encoding that the file is likely in."""
    head = first_bytes(path)
    if b"\0" in head and head.count(0) < len(head) / _LEAST_NULS:
        return "delete these bytes, or export it again"
    name = likely_encoding(head)
    if name == "utf-8" or (not name.startswith("utf") and _share_in_utf8(path, name) > _MIXED):
        return "export it again as UTF-8: lines are in several encodings, UTF-8 among them, and no setting reads all"
    return f'say encoding = "{name}" in the mapping, which the file looks like, or export it again as UTF-8'


def likely_encoding(head: bytes) -> str:
    """The first encoding that the beginning of a file can be."""
    marked = next((name for mark, name in _BOMS if head.startswith(mark)), None)
    if marked is not None:
        return marked
    if b"\0" in head:
        return "utf-16-le" if head[1:2] == b"\0" else "utf-16-be"
    for name in ("utf-8", "gb18030", "big5"):
        try:
            codecs.getincrementaldecoder(name)().decode(head)
        except UnicodeDecodeError:
            continue
        return name
    return "cp1252"


def _layout(label: str, plain: Path, part: TableMapping) -> _Layout:
    """Where the header is and the data begin. Raises Refused where the top of the file is no text or has no header."""
    head = first_bytes(plain)
    bom = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    text = head[bom:].decode("utf-8", "surrogateescape")
    if b"\0" in head:
        todo = _encoding_hint(plain)
        raise Refused(f"{label} cannot be read as text.", [Fault(label, "holds bytes that are 0", todo)])
    given = _SEP.fullmatch(text.partition("\n")[0].strip())
    marks = (part.delimiter,) if part.delimiter else (given[1],) if given else DELIMITERS
    tops = {mark: _records(label, text, mark, part) for mark in marks}
    delimiter = max(tops, key=lambda mark: match_quality([row for row, _, _ in tops[mark]], part))
    records = tops[delimiter]
    rows = [[] if given and index == 0 else row for index, (row, _, _) in enumerate(records)]
    try:
        header = find_header(label, rows, part)
    except Refused:
        if any(mark in "".join(map("".join, rows)) for mark in _UNDECODED):
            fault = Fault(label, "is not UTF-8", _encoding_hint(plain))
            raise Refused(f"{label} cannot be read as text.", [fault]) from None
        raise
    _, end, lines = records[header.row - 1]
    start = bom + len(text[:end].encode("utf-8", "surrogateescape"))
    return _Layout(delimiter, header, start, lines, header.row + 1)


def _records(label: str, text: str, delimiter: str, part: TableMapping) -> list[tuple[list[str], int, int]]:
    """The first records, each with the place in the text at which it ends, the number of lines until there."""
    ends = [0]
    lines = io.StringIO(text, newline="")

    def counted() -> Iterator[str]:
        for line in lines:
            ends.append(ends[-1] + len(line))
            yield line

    reader = csv_records(counted(), delimiter, part)
    try:
        return [(row, ends[-1], len(ends) - 1) for row in islice(reader, max(SEARCHED_ROWS, part.header_row or 0))]
    except csv.Error as error:
        todo = "correct `quote`, `escape` or `delimiter` in the mapping"
        raise Refused(f"{label} cannot be read.", [Fault(f"{label} line {len(ends)}", str(error), todo)]) from error


def _unique(header: Sequence[str]) -> list[str]:
    """The header with names for the columns without one or with a repeated one, which the mapping does not read."""
    seen: set[str] = set()
    names = []
    for index, name in enumerate(header):
        fresh = name if name and name.lower() not in seen else f"{name}__{index}"
        seen.add(fresh.lower())
        names.append(fresh)
    return names


def _data_alone(workspace: Workspace, plain: Path, start: int, *, even: bool = False) -> Path:
    """A copy of what follows a byte; with `even`, every line ends in a line feed."""
    copy = workspace.fresh("-" + plain.name)
    with plain.open("rb") as source, copy.open("wb") as target:
        source.seek(start)
        waiting = b""
        while block := source.read(_BLOCK):
            if even:
                block = waiting + block
                waiting = b"\r" if block.endswith(b"\r") else b""
                block = block.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            target.write(block)
        target.write(waiting and b"\n")
    return copy


def _in_utf8(workspace: Workspace, label: str, path: Path, encoding: str) -> Path:
    """The unpacked file itself, or a copy in UTF-8 where its first bytes or the mapping say that it is not."""
    encoding = _marked_encoding(path) or encoding
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except LookupError as error:
        todo = "use a name such as utf-8, gb18030, utf-16"
        raise Refused(f"{label} cannot be read.", [Fault("encoding", f"{encoding!r} is unknown", todo)]) from error
    if codecs.lookup(encoding).name in ("utf-8", "ascii", "utf-8-sig"):
        return path
    if not codecs.lookup(encoding).name.startswith("utf") and (share := _share_in_utf8(path, encoding)) > _MIXED:
        todo = "remove `encoding` from the mapping" if share == 1 else _encoding_hint(path)
        fault = Fault(label, f"is not {encoding}: {share:.0%} of the lines with other than ASCII are UTF-8", todo)
        raise Refused(f"{label} is not {encoding}.", [fault])
    copy = workspace.fresh("-" + path.name)
    try:
        with path.open("rb") as source, copy.open("w", encoding="utf-8", newline="") as target:
            while block := source.read(_BLOCK):
                target.write(decoder.decode(block))
            target.write(decoder.decode(b"", final=True))
    except UnicodeDecodeError as error:
        fault = Fault(label, f"is not {encoding}: {error.reason} at byte {error.start}", _encoding_hint(path))
        raise Refused(f"{label} is not {encoding}.", [fault]) from error
    return copy


def _marked_encoding(path: Path) -> str | None:
    """The encoding that the first bytes of a file name."""
    head = first_bytes(path)
    return next((name for mark, name in _BOMS if head.startswith(mark)), None)
