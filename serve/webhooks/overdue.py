"""Messages of overdue duties."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from kqml.playbook.codes import PERSONAL_DAYS
from serve.webhooks.message_types import Message, duty_overdue

MESSAGE_FIELDS = ("account_id", "rep_id", "duty", "occasion", "channel", "event_id")


def overdue_messages(duties: pa.Table) -> Iterator[Message]:
    """Yield a message for each overdue duty of an account, except duties of personal days. `duties`: the table of
    `kqml.duties.table.SCHEMA`."""
    words = {name: duties[name].cast(pa.string()) for name in MESSAGE_FIELDS}
    result = pa.table({**words, "due_by": duties["due_by"], "must": duties["must"]})
    late = pc.and_(pc.equal(duties["state"].cast(pa.string()), "overdue"), pc.is_valid(result["account_id"]))
    late = pc.and_(late, pc.invert(pc.is_in(result["duty"], value_set=pa.array(PERSONAL_DAYS))))
    for row in result.filter(late).to_pylist():
        yield duty_overdue({**row, "due_by": None if row["due_by"] is None else row["due_by"].isoformat()})
