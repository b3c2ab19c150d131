"""The learned values and effects that weeks were planned with, stored by fingerprint."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, select

from serve.database.tables import LEARNED
from serve.database.upserting import insert_absent


@dataclass(frozen=True)
class LearnedRow:
    """`content`: as `models.policy.planning.learned_state` writes it. `columns`: the names of the feature columns."""

    fingerprint: str
    model: str | None
    playbook: str
    cutoff: int
    columns: Sequence[str]
    content: str


def add_learned(connection: Connection, row: LearnedRow, now: int) -> None:
    """Store the row unless its fingerprint is stored."""
    facts: dict[str, Any] = {**vars(row), "columns": orjson.dumps(list(row.columns)).decode(), "learned_at": now}
    insert_absent(connection, LEARNED, [facts])


def newest_learned(connection: Connection, model: str, playbook: str, until: int) -> LearnedRow | None:
    """Return the newest row of a model and a playbook with a cutoff up to `until`; None where there is none."""
    request = select(LEARNED).where(LEARNED.c.model == model, LEARNED.c.playbook == playbook, LEARNED.c.cutoff <= until)
    newest = request.order_by(LEARNED.c.cutoff.desc(), LEARNED.c.learned_at.desc()).limit(1)
    rows = connection.execute(newest).mappings().first()
    return None if rows is None else _row(rows)


def read_learned(connection: Connection, fingerprint: str) -> LearnedRow | None:
    """Return the row of a fingerprint; None where there is none."""
    rows = connection.execute(select(LEARNED).where(LEARNED.c.fingerprint == fingerprint)).mappings().first()
    return None if rows is None else _row(rows)


def columns_named(connection: Connection, fingerprint: str) -> list[str]:
    """Return the names of its feature columns; empty where the fingerprint is not stored."""
    request = select(LEARNED.c.columns).where(LEARNED.c.fingerprint == fingerprint)
    result = connection.execute(request).scalar_one_or_none()
    return [] if result is None else list(orjson.loads(result))


def _row(result: Any) -> LearnedRow:
    facts = {name: result[name] for name in ("fingerprint", "model", "playbook", "cutoff", "content")}
    return LearnedRow(**facts, columns=tuple(orjson.loads(result["columns"])))
