"""A plan kept in the store, told to the webhooks that ask."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from serve.store.decisions import add_decisions
from serve.webhooks.messages import plan_created
from serve.webhooks.outbox import enqueue


def keep_plan(connection: Connection, decisions: Sequence[Mapping[str, Any]], now: int) -> None:
    """Writes decisions (rows of `serve.store.decisions.add_decisions`), one message for each rep's week beside them."""
    add_decisions(connection, decisions, now)
    weeks = Counter((row.get("rep_id"), row["week"], row["policy"]) for row in decisions)
    enqueue(connection, [plan_created(*week, count, now) for week, count in weeks.items()], now)
