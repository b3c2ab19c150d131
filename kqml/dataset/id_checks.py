"""Ids of tables that come from outside: those that are none by the rule of kqml.ids."""

import pyarrow as pa
import pyarrow.compute as pc

from kqml.dataset.tables import ID_COLUMNS
from kqml.errors import Fault, Refused
from kqml.ids import MAX_LENGTH, SUSPECT, id_fault

_TODO = "correct these rows, or import their source with `kqml import`, which cleans ids"


def require_ids(label: str, table: pa.Table) -> None:
    """Raise Refused where columns of ids in a table hold anything else; `label`: where the table comes from."""
    faults = []
    for name, texts in faulty_ids(label, table).items():
        kinds: dict[str, list[str]] = {}
        for text, fault in texts.items():
            kinds.setdefault(fault, []).append(text)
        faults += [
            Fault(f"{label}, {name}", f"{same[0]!r} {fault} ({len(same)} in all)", _TODO)
            for fault, same in kinds.items()
        ]
    if faults:
        raise Refused(f"{label} holds ids that cannot be used.", faults)


def faulty_ids(label: str, table: pa.Table) -> dict[str, dict[str, str]]:
    """Return the columns of a table with values that are no ids: each value with what keeps it from being one.

    Raises Refused where a column of ids is not text."""
    names = [name for name in table.column_names if name in ID_COLUMNS]
    wrong = [name for name in names if not _is_text(table[name].type)]
    if wrong:
        faults = [
            Fault(f"{label}, {name}", f"is of the type {table[name].type}", "write ids as text") for name in wrong
        ]
        raise Refused(f"{label} holds ids that cannot be used.", faults)
    columns = {name: _faults(table[name]) for name in names}
    return {name: faults for name, faults in columns.items() if faults}


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind))


def _faults(column: pa.ChunkedArray) -> dict[str, str]:
    if pa.types.is_dictionary(column.type):
        column = pa.chunked_array([chunk.dictionary for chunk in column.chunks], column.type.value_type)
    if pa.types.is_null(column.type):
        return {}
    is_suspect = pc.or_(pc.match_substring_regex(column, SUSPECT), pc.greater(pc.utf8_length(column), MAX_LENGTH))
    suspects = sorted(pc.unique(column.filter(is_suspect)).to_pylist())
    return {text: fault for text in suspects if (fault := id_fault(text))}
