"""List the duties of a period as they stood at a cutoff."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from kqml import duties
from kqml.calendar.workdays import workdays
from kqml.duties import DutyInputs, Period
from kqml.playbook import Playbook
from kqml.playbook.codes import PERSONAL_DAYS


@dataclass(frozen=True, kw_only=True)
class ListDutiesRequest:
    """Which duties, by which rules, as known before which cutoff. `reps`: only theirs; `states`, `must`: any where
    empty or None; `personal`: whether duties of personal days are listed."""

    playbook: Playbook
    period: Period
    cutoff: int
    reps: Sequence[str] = ()
    states: Sequence[str] = ()
    must: bool | None = None
    personal: bool = True


def list_duties(inputs: DutyInputs, request: ListDutiesRequest) -> pa.Table:
    """Return the rows of `kqml.duties.table.SCHEMA` that a request asks for. `inputs` must hold nothing that became
    known at or after the cutoff."""
    rules = request.playbook
    table = duties.list_duties(inputs, rules, workdays(rules.country), request.period, request.cutoff)
    if request.reps:
        table = of_reps(table, request.reps)
    if request.states:
        table = table.filter(_is_in(table["state"], request.states))
    if request.must is not None:
        table = table.filter(pc.equal(table["must"], request.must))
    if not request.personal:
        table = table.filter(pc.invert(_is_in(table["duty"], PERSONAL_DAYS)))
    return table


def of_reps(table: pa.Table, reps: Sequence[str]) -> pa.Table:
    """Return the rows of these reps."""
    return table.filter(_is_in(table["rep_id"], reps))


def _is_in(column: pa.ChunkedArray, values: Sequence[str]) -> pa.ChunkedArray:
    return pc.is_in(column.cast(pa.string()), value_set=pa.array(list(values), pa.string()))
