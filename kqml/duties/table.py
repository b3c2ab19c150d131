"""The table of duties: its columns, how parts of it are put together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kqml.contract.duties import DutyName, DutyState
from kqml.dataset.tables import INSTANT, NUMBER, TEXT, TIERS
from kqml.duties.inputs import DutyInputs

STATES: tuple[str, ...] = get_args(DutyState)
DUTIES: tuple[str, ...] = get_args(DutyName)

WORD = pa.dictionary(pa.int32(), pa.string())

SCHEMA = pa.schema(
    {
        "account_id": WORD,
        "rep_id": WORD,
        "tier": WORD,
        "duty": WORD,
        "occasion": WORD,
        "channel": WORD,
        "target": NUMBER,
        "counted": NUMBER,
        "prorated": NUMBER,
        "behind": NUMBER,
        "due_from": INSTANT,
        "due_by": INSTANT,
        "state": WORD,
        "must": pa.bool_(),
        "why": WORD,
        "contact_id": TEXT,
        "event_id": TEXT,
        "playbook": WORD,
    }
)
"""One row for each duty. `account_id` is null where a rep owes it in the month, `rep_id` where nobody is in charge.
`target`: whole contacts owed; `prorated`: before rounding. `behind`: owed until the cutoff and not counted yet.
`state`: one of STATES. `must`: cannot wait until the next period. `playbook`: its version.
`why`: key of the message `duties.why.…`."""

Column = NDArray[Any] | str | float | bool | None


@dataclass(frozen=True)
class DutyPart:
    """Rows of the table: indices of accounts, reps, tiers (-1: none); the other columns by name, constants allowed."""

    account: NDArray[np.int64]
    rep: NDArray[np.int64]
    tier: NDArray[np.int64]
    columns: dict[str, Column]

    def __len__(self) -> int:
        return len(self.account)


ROUNDING = 1e-9


def join_parts(prorated: NDArray[np.float64]) -> NDArray[np.float64]:
    """Contacts owed by a target of days: the nearest whole number, half of one counts as one."""
    return np.floor(prorated + 0.5 + ROUNDING)


def duty_states(
    target: NDArray[np.float64], counted: NDArray[np.float64], due_by: NDArray[np.int64] | int, cutoff: int
) -> NDArray[np.object_]:
    """Waived where nothing is owed, done where enough is counted, else overdue from `due_by` on, due before."""
    enough = counted >= target - ROUNDING
    open_state = np.where(np.asarray(due_by) <= cutoff, "overdue", "due")
    return np.where(target <= 0, "waived", np.where(enough, "done", open_state)).astype(object)


def duty_table(book: DutyInputs, parts: Sequence[DutyPart], version: str) -> pa.Table:
    """The parts as one table, by rep, account, then due date; `version`: the playbook's."""
    ids, names = book.log.accounts, np.array([rep.name for rep in book.events.reps], dtype=object)
    columns = {
        "account_id": _words([part.account for part in parts], list(ids)),
        "rep_id": _words([part.rep for part in parts], list(names)),
        "tier": _words([part.tier for part in parts], list(TIERS)),
    }
    for field in SCHEMA:
        if field.name not in columns:
            columns[field.name] = _joined(field, parts, version if field.name == "playbook" else None)
    table = pa.table(columns, schema=SCHEMA)
    account, rep = (np.concatenate([[], *(getattr(part, key) for part in parts)]) for key in ("account", "rep"))
    by = table["due_by"].cast(pa.int64()).to_numpy()
    return table.take(pa.array(np.lexsort((by, account, rep))))


def _words(indices: list[NDArray[np.int64]], words: list[str]) -> pa.DictionaryArray:
    joined = np.concatenate([np.zeros(0, np.int64), *indices]).astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(joined, mask=joined < 0), pa.array(words, pa.string()))


def _joined(field: pa.Field, parts: Sequence[DutyPart], otherwise: str | None) -> pa.ChunkedArray:
    arrays = [_array(field, part.columns.get(field.name, otherwise), len(part)) for part in parts]
    joined = pa.chunked_array(arrays, type=field.type)
    return joined.unify_dictionaries() if field.type == WORD else joined


def _array(field: pa.Field, value: Column, rows: int) -> pa.Array:
    """Instants are given as integers, words are kept once."""
    given = pa.int64() if field.type == INSTANT else TEXT if field.type == WORD else field.type
    if isinstance(value, np.ndarray):
        output = pa.array(value, given, from_pandas=given == TEXT)
    else:
        output = pa.repeat(pa.scalar(value, given), rows)
    return output.dictionary_encode() if field.type == WORD else output.cast(field.type)
