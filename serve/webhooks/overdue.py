"""Messages of overdue duties: up to DUTIES_PER_MESSAGE in each, every duty once to every webhook."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, select

from kqml.duties.overrides import duty_id
from kqml.playbook.codes import PERSONAL_DAYS
from serve.database.records import parts_of
from serve.database.tables import OVERDUE_NOTICES
from serve.database.upserting import insert_absent
from serve.webhooks.message_types import Message, duties_overdue

MESSAGE_FIELDS = ("account_id", "rep_id", "duty", "occasion", "channel", "event_id")
DUTIES_PER_MESSAGE = 200
"""A message of so many has about 50 kB, which every receiver takes."""

OverdueDuty = Mapping[str, Any]


def overdue_duties(duties: pa.Table, week: str) -> list[OverdueDuty]:
    """Return the overdue duties of accounts as messages show them, except duties of personal days. `duties`: the table
    of `kqml.duties.table.SCHEMA` of a week."""
    late = pc.and_(pc.equal(duties["state"].cast(pa.string()), "overdue"), pc.is_valid(duties["account_id"]))
    personal = pc.is_in(duties["duty"].cast(pa.string()), value_set=pa.array(PERSONAL_DAYS))
    return [_shown(row, week) for row in duties.filter(pc.and_(late, pc.invert(personal))).to_pylist()]


def _shown(row: Mapping[str, Any], week: str) -> OverdueDuty:
    due_by = None if row["due_by"] is None else row["due_by"].isoformat()
    details = {name: row[name] for name in MESSAGE_FIELDS}
    return {"duty_id": duty_id(row), "week": week, **details, "due_by": due_by, "must": row["must"]}


def note_overdue(connection: Connection, webhook_id: str, duties: Sequence[OverdueDuty], now: int) -> list[OverdueDuty]:
    """Record that a webhook is told of the duties; return those that it was not told of before."""
    wanted = {duty["duty_id"]: duty for duty in duties}
    noted: set[str] = set()
    for part in parts_of(list(wanted)):
        mine = OVERDUE_NOTICES.c.webhook_id == webhook_id, OVERDUE_NOTICES.c.duty.in_(part)
        noted.update(connection.execute(select(OVERDUE_NOTICES.c.duty).where(*mine)).scalars())
    fresh = {name: duty for name, duty in wanted.items() if name not in noted}
    rows = [{"webhook_id": webhook_id, "duty": name, "noted_at": now} for name in fresh]
    insert_absent(connection, OVERDUE_NOTICES, rows)
    return list(fresh.values())


def overdue_messages(webhook_id: str, duties: Sequence[OverdueDuty]) -> list[Message]:
    """Return the messages that tell a webhook of the duties, ordered by rep, account and time."""
    ordered = sorted(duties, key=lambda duty: (duty["rep_id"] or "", duty["account_id"], duty["due_by"] or ""))
    pages = [ordered[start : start + DUTIES_PER_MESSAGE] for start in range(0, len(ordered), DUTIES_PER_MESSAGE)]
    return [
        duties_overdue(f"{webhook_id}\0{_fingerprint(page)}", page, number, len(pages))
        for number, page in enumerate(pages, 1)
    ]


def _fingerprint(duties: Sequence[OverdueDuty]) -> str:
    return sha256("\0".join(duty["duty_id"] for duty in duties).encode()).hexdigest()[:32]
