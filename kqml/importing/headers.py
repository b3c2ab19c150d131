"""Where the header of a source is, and which of its columns a mapping means."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kqml.errors import Fault, Refused
from kqml.ids import BLANKS, INVISIBLE
from kqml.importing.findings import Finding, FindingLevel
from kqml.importing.mapping import TableMapping

SEARCHED_ROWS = 30
"""Among so many rows at the beginning of a file the header is looked for."""

_BLANK = re.compile(f"[{re.escape(BLANKS)}]+")
_INVISIBLE = re.compile(f"[{re.escape(INVISIBLE.translate(dict.fromkeys(map(ord, chr(10) + chr(13) + chr(9)))))}]")

_WATCHED = {
    "currency": r"(.* )?(currency|ccy)( iso)?( code)?|.*(币种|币别|货币)",
    "unit": r"(sales |order )?unit( of measure)?|uom|(计量|基本|销售|采购|库存|主|辅)?单位",
    "cancelled": r"(is )?(cancell?ed|void(ed)?|deleted|refunded)( at| on| date)?"
    r"|.*(作废|取消|撤销|关闭)(日期|时间|状态|标志|标识)?",
    "status": r"(.* )?status|.*状态|.*红蓝.*",
    "test": r"(is )?test( order)?|(是否)?测试(单|订单)?",
}
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|[\W_]+")


def watched_meaning(name: str) -> str | None:
    """What a column of this name may say that changes the meaning of a row; None where it says nothing of the kind."""
    words = " ".join(_WORDS.sub(" ", name).lower().split())
    return next((meaning for meaning, pattern in _WATCHED.items() if re.fullmatch(pattern, words)), None)


@dataclass(frozen=True)
class Header:
    """The header of a source. `row`: its number as people count; `names`: as they stand there; `indices`: column of the
    mapping → its index in the row; `watched`: a column that the mapping does not read → what it may say ("" nothing
    but a total, for which all columns are looked at where some are filled downwards)."""

    row: int
    names: tuple[str, ...]
    indices: Mapping[str, int]
    watched: Mapping[str, str]

    @property
    def columns(self) -> dict[str, int]:
        """Every column to read with its index: those of the mapping, then the watched ones."""
        return {**self.indices, **{name: self.names.index(name) for name in self.watched}}

    def findings(self, label: str) -> tuple[Finding, ...]:
        """That there are rows above the header."""
        if self.row <= 1:
            return ()
        return (Finding("rows_above_header", FindingLevel.NOTE, "", count=self.row - 1, source=label),)


def header_name(text: object) -> str:
    """A cell of a header as a name: no blanks around it."""
    return "" if text is None else str(text).replace("\r\n", "\n").strip(BLANKS)


def find_header(label: str, rows: Sequence[Sequence[object]], part: TableMapping) -> Header:
    """Return the header among the first rows: the row that the mapping names, else the first that has its columns.

    Raises Refused where there is none: an empty source, columns that are absent or ambiguous.
    """
    named = [tuple(map(header_name, row)) for row in rows]
    index = _header_index(named, part)
    if index is None:
        where = f" in row {part.header_row}" if part.header_row else ""
        raise Refused(f"{label} is empty.", [Fault(label, f"has no header{where}", "export it again")])
    return match_header(label, named[index], part, index + 1)


def match_quality(rows: Sequence[Sequence[object]], part: TableMapping) -> tuple[int, int]:
    """Return how many columns of the mapping the best header among the rows has, and how many columns."""
    named = [tuple(map(header_name, row)) for row in rows]
    index = _header_index(named, part)
    return (0, 0) if index is None else (_matches(named[index], part), len(named[index]))


def _header_index(rows: Sequence[Sequence[str]], part: TableMapping) -> int | None:
    numbers = range(len(rows)) if part.header_row is None else range(part.header_row - 1, part.header_row)
    candidates = [index for index in numbers if index < len(rows) and any(rows[index])]
    return max(candidates, key=lambda index: (_matches(rows[index], part), -index), default=None)


def _matches(names: Sequence[str], part: TableMapping) -> int:
    looks = {_look(name) for name in names}
    return sum(_look(name) in looks for name in part.source_columns())


def _look(name: str) -> str:
    """What two spellings of a name have in common: line breaks are spaces, what prints nothing is left out."""
    return _BLANK.sub(" ", _INVISIBLE.sub("", name)).strip()


def match_header(label: str, names: Sequence[str], part: TableMapping, row: int = 1) -> Header:
    """Return which columns the mapping means. Raises Refused where the source lacks one or has it twice."""
    indices, faults = {}, []
    looks = [_look(name) for name in names]
    for name in part.source_columns():
        same = [index for index, look in enumerate(looks) if look.lower() == _look(name).lower()]
        exact = [index for index in same if looks[index] == _look(name)]
        if len(same) > 1:
            shown = ", ".join(repr(names[index]) for index in same)
            faults.append(Fault(label, f"has the columns {shown}", "rename all but one"))
        elif exact:
            indices[name] = exact[0]
        elif name not in part.expect:
            faults.append(Fault(label, f"has no column {name!r}", _hint(name, [name for name in names if name])))
    if faults:
        raise Refused(f"The columns of {label} are not those of the mapping.", faults)
    watched = _watched(names, set(indices.values()))
    if any(source.fill for source in part.columns.values()):
        watched = {**{name: "" for name in names if name and names.count(name) == 1 and name not in indices}, **watched}
    return Header(row, tuple(names), indices, watched)


def _hint(name: str, have: list[str]) -> str:
    close = difflib.get_close_matches(name, have, 1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}correct the mapping or the file, which has {', '.join(map(visible, have)) or 'no columns'}"


def _watched(names: Sequence[str], used: set[int]) -> dict[str, str]:
    return {
        name: meaning
        for index, name in enumerate(names)
        if index not in used and names.count(name) == 1 and (meaning := watched_meaning(name))
    }


def visible(text: str) -> str:
    """A text with what prints nothing written as an escape."""
    return "".join(mark if mark.isprintable() else repr(mark)[1:-1] for mark in text)
