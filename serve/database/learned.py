"""What weeks were decided by, kept in the database under its fingerprint."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, select

from serve.database.tables import LEARNED
from serve.database.upserting import insert_absent


@dataclass(frozen=True)
class LearnedRow:
    """`content`: as `models.policy.planning.learned_state` writes it.

    `columns`: the names of the feature rows judged by it.
    """

    fingerprint: str
    model: str | None
    playbook: str
    cutoff: int
    columns: Sequence[str]
    content: str


def add_learned(connection: Connection, row: LearnedRow, now: int) -> None:
    """Keeps it once."""
    facts: dict[str, Any] = {**vars(row), "columns": orjson.dumps(list(row.columns)).decode(), "learned_at": now}
    insert_absent(connection, LEARNED, [facts])


def newest_learned(connection: Connection, model: str, playbook: str, until: int) -> LearnedRow | None:
    """The newest that was learned with that model, by that playbook, of what was known up to an instant."""
    request = select(LEARNED).where(LEARNED.c.model == model, LEARNED.c.playbook == playbook, LEARNED.c.cutoff <= until)
    newest = request.order_by(LEARNED.c.cutoff.desc(), LEARNED.c.learned_at.desc()).limit(1)
    rows = connection.execute(newest).mappings().first()
    return None if rows is None else _row(rows)


def read_learned(connection: Connection, fingerprint: str) -> LearnedRow | None:
    """The one with that fingerprint."""
    rows = connection.execute(select(LEARNED).where(LEARNED.c.fingerprint == fingerprint)).mappings().first()
    return None if rows is None else _row(rows)


def columns_named(connection: Connection, fingerprint: str) -> list[str]:
    """The names of the feature rows that were judged by it; none where it is not kept."""
    request = select(LEARNED.c.columns).where(LEARNED.c.fingerprint == fingerprint)
    result = connection.execute(request).scalar_one_or_none()
    return [] if result is None else list(orjson.loads(result))


def _row(result: Any) -> LearnedRow:
    facts = {name: result[name] for name in ("fingerprint", "model", "playbook", "cutoff", "content")}
    return LearnedRow(**facts, columns=tuple(orjson.loads(result["columns"])))
