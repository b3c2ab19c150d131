"""Overdue duties as messages."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from kqml.playbook.codes import PERSONAL_DAYS
from serve.webhooks.message_types import Message, duty_overdue

TOLD = ("account_id", "rep_id", "duty", "occasion", "channel", "event_id")


def overdue_messages(duties: pa.Table) -> Iterator[Message]:
    """A message for each overdue duty towards an account, but for those whose very day is personal.

    `duties`: the table of `kqml.duties.table.SCHEMA`.
    """
    words = {name: duties[name].cast(pa.string()) for name in TOLD}
    told = pa.table({**words, "due_by": duties["due_by"], "must": duties["must"]})
    late = pc.and_(pc.equal(duties["state"].cast(pa.string()), "overdue"), pc.is_valid(told["account_id"]))
    late = pc.and_(late, pc.invert(pc.is_in(told["duty"], value_set=pa.array(PERSONAL_DAYS))))
    for row in told.filter(late).to_pylist():
        yield duty_overdue({**row, "due_by": None if row["due_by"] is None else row["due_by"].isoformat()})
