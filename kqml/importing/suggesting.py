"""A draft of a mapping from the files themselves, for a person to correct."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq

from kqml.errors import Fault, Refused
from kqml.ids import BLANKS
from kqml.importing.csv_files import DELIMITERS, likely_encoding
from kqml.importing.excel import is_excel, sheet_tops
from kqml.importing.forms import date_formats, number_keys, toml_value
from kqml.importing.headers import header_name, watched_meaning
from kqml.importing.packed_files import first_bytes
from kqml.importing.relations import FileSource
from kqml.importing.sources import is_parquet, require_files
from kqml.importing.text_rows import text_of
from kqml.importing.values import ISO

_SAMPLE = 200
_ID = r"(id|code|no|nr|number|key|编号|编码|代码|号)"
_WHO = r"(shop|store|outlet|account|customer|client|dealer|门店|客户|店铺|终端|经销商)"
_COLUMNS: tuple[tuple[str, str], ...] = (
    ("account_id", rf"{_WHO}.{{0,3}}{_ID}$"),
    ("account_id", rf"^{_WHO}$"),
    ("occurred_at", r"(order|invoice|sale|visit|下单|订单|单据|销售|签到|拜访|开单).{0,3}(date|time|day|日期|时间)"),
    ("occurred_at", r"(date|day|^time|日期|时间)"),
    ("known_at", r"(created|entered|recorded|submitted|创建|提交|录入).{0,3}(at|on|date|time|日期|时间)?$"),
    ("kind", r"^(kind|type|order.?type|单据类型|业务类型|类型|拜访方式)$"),
    ("event_id", rf"^(order|invoice|document|visit|订单|单据|拜访|单|发票).{{0,3}}{_ID}$"),
    ("amount", r"(amount|money|revenue|turnover|total|sales|value|金额|销售额|货款)"),
    ("quantity", r"(quantity|qty|pieces|units|数量)"),
    ("rep_id", rf"(rep|salesman|salesperson|sales.?rep|业务员|业代|人员).{{0,3}}{_ID}?$"),
    ("minutes", r"(minutes|duration|时长)"),
)
"""Column of events → how it is called elsewhere, the surer names first."""

_ORDER = ("account_id", "occurred_at", "kind", "event_id", "known_at", "amount", "quantity", "rep_id", "minutes")

_KINDS = (
    ("return", r"return|refund|credit|退"),
    ("order", r"order|sale|invoice|订|销售|出库"),
    ("visit", r"visit|拜访|上门"),
    ("call", r"call|phone|电话"),
    ("message", r"mail|message|微信|短信"),
)
_NOT_AMOUNTS = re.compile(r"unit|price|单价|折扣|discount|tax|税", re.IGNORECASE)


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
    columns = _guessed_columns(list(samples), samples)
    keys = {**top.keys, **({"header_row": index + 1} if index else {})}
    yield from ("", "[[events]]", f"files = [{toml_value(_pattern(top.name))}]")
    yield from (f"{key} = {toml_value(value)}" for key, value in keys.items())
    watched = [name for name in samples if watched_meaning(name)]
    if watched:
        expected = ", ".join(f'{toml_value(name)} = "one value"' for name in watched)
        yield f"expect = {{ {expected} }}  # check: these columns change what a row means"
    yield from ("", "[events.columns]")
    for ours in (
        "account_id",
        "occurred_at",
        "kind",
        "event_id",
        "known_at",
        "amount",
        "quantity",
        "rep_id",
        "minutes",
    ):
        if ours in columns:
            yield _column_line(ours, columns[ours], samples[columns[ours]])
        elif ours in ("account_id", "occurred_at"):
            yield f'{ours} = "?"  # name the column; the file has {", ".join(samples)}'
        elif ours == "kind":
            yield 'kind = { constant = "order" }  # check: is every row an order?'


def _pattern(name: str) -> str:
    """The name of a file with its digits left open, so that later exports match."""
    return re.sub(r"( \(\d+\)|[\d_-]*\d[\d_-]*)(?=\.)", "*", name)


def _guessed_columns(names: Sequence[str], samples: dict[str, list[str]]) -> dict[str, str]:
    guessed: dict[str, str] = {}
    for ours, pattern in _COLUMNS:
        for name in names:
            fits = re.search(pattern, name, re.IGNORECASE) and name not in guessed.values()
            if ours in guessed or not fits or (ours == "amount" and _NOT_AMOUNTS.search(name)):
                continue
            distinct = len(set(samples[name])) == len(samples[name])
            if ours != "event_id" or distinct:
                guessed[ours] = name
    return guessed


def _column_line(ours: str, name: str, values: Sequence[str]) -> str:
    keys: dict[str, object] = {"column": name}
    check = ""
    if ours in ("occurred_at", "known_at") and not all(re.fullmatch(ISO, value) for value in values):
        formats = date_formats([value for value in values if not re.fullmatch(ISO, value)])
        keys |= {"format": formats[0]} if formats else {}
        check = f"  # check: or {formats[1]}" if len(formats) > 1 else "" if formats else "  # name the format"
    if ours in ("amount", "quantity", "minutes") and not all(map(_is_plain, values)):
        keys |= number_keys([value for value in values if not _is_plain(value)])
    if ours == "kind":
        kinds = [f"{toml_value(value)} = {toml_value(_kind(value))}" for value in dict.fromkeys(values)][:20]
        return f"kind = {{ column = {toml_value(name)}, values = {{ {', '.join(kinds)} }} }}  # check every kind"
    if len(keys) == 1:
        return f"{ours} = {toml_value(name)}{check}"
    return f"{ours} = {{ {', '.join(f'{key} = {toml_value(value)}' for key, value in keys.items())} }}{check}"


def _kind(value: str) -> str:
    return next((kind for kind, pattern in _KINDS if re.search(pattern, value, re.IGNORECASE)), "?")


def _is_plain(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
