"""Duties that somebody declared done or waived."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kqml.calendar.business_time import instant_of

DECLARED_STATES = ("done", "waived", "open")
"""What may be declared; `open` takes back what was declared before."""

WHY = "declared"
"""Why a duty is done or waived that was declared so."""

ID_DIGITS = 24


@dataclass(frozen=True)
class DutyOverride:
    """What somebody said of a duty. `owner`: the account, else the rep, that it belongs to; `state`: one of
    DECLARED_STATES; `known_at`: when it was said."""

    duty_id: str
    owner: str
    state: str
    known_at: int


def duty_id(row: Mapping[str, Any]) -> str:
    """Names a duty of the table for good, however far it is kept: 24 hexadecimal digits.

    A duty that an event brought is named by the event, a birthday by its year, so that its day cannot be found from
    the name; a festival by its end; what is owed by the month by whom, in which tier, until when.
    """
    parts = [row["duty"], row["channel"], row["account_id"], *_named_by(row)]
    named = "\0".join("" if part is None else str(part) for part in parts)
    return sha256(named.encode()).hexdigest()[:ID_DIGITS]


def apply_overrides(table: pa.Table, declared: Sequence[DutyOverride], cutoff: int) -> pa.Table:
    """The table of duties where what was declared before the cutoff is done or waived, and no must."""
    text = newest_overrides(declared, cutoff)
    if not text:
        return table
    owners = pa.array(sorted({override.owner for override in text.values()}), pa.string())
    owner = pc.coalesce(table["account_id"].cast(pa.string()), table["rep_id"].cast(pa.string()))
    states = np.full(table.num_rows, None, dtype=object)
    near = np.flatnonzero(pc.is_in(owner, value_set=owners).to_numpy(zero_copy_only=False))
    for index, row in zip(near.tolist(), table.take(pa.array(near, pa.int64())).to_pylist(), strict=True):
        result = text.get(duty_id(row))
        states[index] = None if result is None else result.state
    return _changed(table, pa.array(states, pa.string()))


def newest_overrides(declared: Sequence[DutyOverride], cutoff: int) -> dict[str, DutyOverride]:
    """What was said last of each duty before the cutoff, without what was taken back. Of two sayings of one instant the
    later one in the sequence counts."""
    known = sorted(
        (override for override in declared if override.known_at < cutoff), key=lambda override: override.known_at
    )
    last = {override.duty_id: override for override in known}
    return {name: override for name, override in last.items() if override.state != "open"}


def _named_by(row: Mapping[str, Any]) -> tuple[Any, ...]:
    if row["event_id"] is not None:
        return (row["event_id"],)
    if row["duty"] == "birthday":
        return (row["contact_id"], row["due_by"].year)
    end = instant_of(row["due_by"])
    return (row["occasion"], end) if row["occasion"] is not None else (row["rep_id"], row["tier"], end)


def _changed(table: pa.Table, states: pa.Array) -> pa.Table:
    result = pc.is_valid(states)
    fresh = {
        "state": pc.coalesce(states, table["state"].cast(pa.string())),
        "why": pc.if_else(result, WHY, table["why"].cast(pa.string())),
        "must": pc.and_(table["must"], pc.invert(result)),
        "behind": pc.if_else(result, 0.0, table["behind"]),
    }
    for name, column in fresh.items():
        field = table.schema.field(name)
        retained = column.dictionary_encode() if pa.types.is_dictionary(field.type) else column
        table = table.set_column(table.schema.get_field_index(name), field, retained)
    return table
