"""Overdue duties as messages."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from serve.webhooks.messages import Message, duty_overdue

PERSONAL = ("birthday", "milestone", "misfortune")
"""Duties whose very day says something about a person; other systems are not told of them."""


def overdue_messages(duties: pa.Table) -> Iterator[Message]:
    """A message for each overdue duty towards an account (`duties`: the table of `kqml.duties.table.SCHEMA`)."""
    words = {name: duties[name].cast(pa.string()) for name in ("account_id", "rep_id", "duty", "occasion", "state")}
    told = pa.table({**words, "due_by": duties["due_by"], "must": duties["must"]})
    late = pc.and_(pc.equal(told["state"], "overdue"), pc.is_valid(told["account_id"]))
    late = pc.and_(late, pc.invert(pc.is_in(told["duty"], value_set=pa.array(PERSONAL))))
    for row in told.filter(late).to_pylist():
        due_by = None if row["due_by"] is None else row["due_by"].isoformat()
        yield duty_overdue(row["account_id"], row["duty"], row["occasion"], due_by, row["rep_id"], row["must"])
