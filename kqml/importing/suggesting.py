"""A draft of a mapping from the files themselves, for a person to correct."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq

from kqml.dataset.tables import CHOICES, DATE, INSTANT, NUMBER, SCHEMAS
from kqml.errors import Fault, Refused
from kqml.ids import BLANKS
from kqml.importing.csv_files import DELIMITERS, likely_encoding
from kqml.importing.excel import is_excel, sheet_tops
from kqml.importing.forms import date_formats, number_keys, toml_value
from kqml.importing.guessing import guess_table
from kqml.importing.headers import header_name, watched_meaning
from kqml.importing.packed_files import first_bytes
from kqml.importing.problems import MAPPED_REQUIRED
from kqml.importing.relations import FileSource
from kqml.importing.sources import is_parquet, require_files
from kqml.importing.text_rows import text_of
from kqml.importing.values import ISO

_SAMPLE = 200
_KINDS = (
    ("return", r"return|refund|credit|退"),
    ("order", r"order|sale|invoice|订|销售|出库"),
    ("visit", r"visit|拜访|上门"),
    ("call", r"call|phone|电话"),
    ("message", r"mail|message|微信|短信"),
)
_TIERS = (
    ("A", r"^(a|甲|一|1|金|gold|key|重点)"),
    ("B", r"^(b|乙|二|2|银|silver)"),
    ("C", r"^(c|丙|三|3|铜|bronze|普通)"),
)
_STATUSES = (
    ("suspended", r"inactive|suspend|hold|停用|暂停|冻结"),
    ("closed", r"clos|dead|关|闭|注销|歇业"),
    ("transferred", r"transfer|转"),
    ("active", r"active|normal|open|正常|营业|合作|启用"),
)
_CHOSEN = {"kind": _KINDS, "tier": _TIERS, "status": _STATUSES}
"""Columns with few allowed values → each of them and how it is called elsewhere."""

_MOST_CHOICES = 20


@dataclass(frozen=True)
class FileTop:
    """The first rows of a file, and the keys of a part of a mapping that were needed to read them."""

    name: str
    rows: Sequence[Sequence[str]]
    keys: dict[str, object] = field(default_factory=dict)


def suggest_mapping(paths: Sequence[Path], time_zone: str) -> str:
    """Return the text of a mapping with a part for each file. Raises BadUse, Refused on unreadable files."""
    require_files([FileSource(path) for path in paths])
    head = ["# A draft: check every line, correct what is wrong, then import with --dry-run.", "version = 1"]
    head += [f"time_zone = {toml_value(time_zone)}", 'currency = "CNY"']
    parts = [line for path in paths for line in _part_lines(_file_top(path))]
    if "[[events]]" not in parts:
        parts += ["", "# No file holds events: draft from the files of orders and visits too, or add [[events]]."]
    return "\n".join([*head, *parts]) + "\n"


def _file_top(path: Path) -> FileTop:
    if is_excel(path):
        name, rows = next(iter(sheet_tops(path, _SAMPLE).items()))
        texts = [[(text_of(cell) or "").strip(BLANKS) for cell in row] for row in rows]
        return FileTop(path.name, texts, {"sheet": name})
    if is_parquet(path):
        batch = next(pq.ParquetFile(path).iter_batches(_SAMPLE))
        columns = [[text_of(value) or "" for value in column.to_pylist()] for column in batch.columns]
        return FileTop(path.name, [list(batch.schema.names), *map(list, zip(*columns, strict=True))])
    return _csv_top(path)


def _csv_top(path: Path) -> FileTop:
    head = first_bytes(path)
    encoding = likely_encoding(head)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head).removeprefix("\ufeff")
    lines = [line for line in io.StringIO(text) if not re.fullmatch(r'"?sep=.?"?\s*', line)][: 2 * _SAMPLE]
    delimiter = max(DELIMITERS, key=lambda mark: sorted(line.count(mark) for line in lines)[len(lines) // 2])
    rows = [[cell.strip(BLANKS) for cell in row] for row in csv.reader(lines, delimiter=delimiter)][:_SAMPLE]
    return FileTop(path.name, rows, {} if encoding in ("utf-8", "utf-16") else {"encoding": encoding})


def _header_index(rows: Sequence[Sequence[str]]) -> int:
    """The first of the rows with the most names."""
    names = [sum(bool(cell) and not re.fullmatch(r"[\d.,:/ -]+", cell) for cell in row) for row in rows[:30]]
    return names.index(max(names))


def _part_lines(top: FileTop) -> Iterator[str]:
    if not top.rows:
        raise Refused(f"{top.name} is empty.", [Fault(top.name, "holds no rows", "export it again")])
    index = _header_index(top.rows)
    header = [header_name(name) for name in top.rows[index]]
    samples = {
        name: [row[column] for row in top.rows[index + 1 :] if column < len(row) and row[column]]
        for column, name in enumerate(header)
        if name
    }
    guess = guess_table(top.name, samples)
    keys = {**top.keys, **({"header_row": index + 1} if index else {})}
    yield from ("", f"[[{guess.table}]]", f"files = [{toml_value(_pattern(top.name))}]")
    yield from (f"{key} = {toml_value(value)}" for key, value in keys.items())
    watched = [name for name in samples if guess.table == "events" and watched_meaning(name)]
    if watched:
        expected = ", ".join(f'{toml_value(name)} = "one value"' for name in watched)
        yield f"expect = {{ {expected} }}  # check: these columns change what a row means"
    yield from ("", f"[{guess.table}.columns]")
    required = MAPPED_REQUIRED[guess.table]
    for ours in SCHEMAS[guess.table].names:
        if ours in guess.columns:
            yield _column_line(guess.table, ours, guess.columns[ours], samples[guess.columns[ours]])
        elif ours == "kind":
            kind = _choice("kind", top.name, "order")
            yield f"kind = {{ constant = {toml_value(kind)} }}  # check: is every row of this kind?"
        elif ours in required:
            yield f'{ours} = "?"  # name the column; the file has {", ".join(samples)}'


def _pattern(name: str) -> str:
    """The name of a file with its digits left open, so that later exports match."""
    return re.sub(r"( \(\d+\)|[\d_-]*\d[\d_-]*)(?=\.)", "*", name)


def _column_line(table: str, ours: str, name: str, values: Sequence[str]) -> str:
    keys: dict[str, object] = {"column": name}
    check = ""
    kind = SCHEMAS[table].field(ours).type
    if kind in (INSTANT, DATE) and not all(re.fullmatch(ISO, value) for value in values):
        formats = date_formats([value for value in values if not re.fullmatch(ISO, value)])
        keys |= {"format": formats[0]} if formats else {}
        check = f"  # check: or {formats[1]}" if len(formats) > 1 else "" if formats else "  # name the format"
    if kind == NUMBER and not all(map(_is_plain, values)):
        keys |= number_keys([value for value in values if not _is_plain(value)])
    if ours in _CHOSEN and (ours == "kind" or not set(values) <= set(CHOICES[table, ours])):
        choices = {value: _choice(ours, value) for value in list(dict.fromkeys(values))[:_MOST_CHOICES]}
        return f"{ours} = {{ column = {toml_value(name)}, values = {toml_value(choices)} }}  # check every value"
    if len(keys) == 1:
        return f"{ours} = {toml_value(name)}{check}"
    return f"{ours} = {{ {', '.join(f'{key} = {toml_value(value)}' for key, value in keys.items())} }}{check}"


def _choice(ours: str, value: str, otherwise: str = "?") -> str:
    return next((choice for choice, pattern in _CHOSEN[ours] if re.search(pattern, value, re.IGNORECASE)), otherwise)


def _is_plain(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
