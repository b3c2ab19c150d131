"""The database read after the last kill, held against the senders' books."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import Connection, select

from experiments.torture.sending import STATES, SentEvents
from serve.database.engine import Database
from serve.database.tables import ACCOUNTS, DECISION_STATES, EVENTS


@dataclass(frozen=True)
class VerificationResult:
    """What was acknowledged, and what is wrong: all but the first three must be 0.

    `lost_*`: acknowledged, not there. `foreign_events`: there, never sent. `changed_events`: other content.
    `torn_batches`: some of a batch there, some not. `doubled_states`: a state of a decision more than once.
    `surprises`: answers that no sender may get."""

    events: int
    states: int
    accounts: int
    lost_events: int
    foreign_events: int
    changed_events: int
    torn_batches: int
    lost_states: int
    doubled_states: int
    lost_accounts: int
    surprises: int

    @property
    def wrong(self) -> dict[str, int]:
        result = asdict(self)
        return {field.name: result[field.name] for field in fields(self)[3:] if result[field.name]}


def verify_database(database: Database, books: Sequence[SentEvents]) -> VerificationResult:
    """Reads everything once."""
    with database.snapshot() as connection:
        result = {row.event_id: (row.account_id, row.amount) for row in connection.execute(_EVENTS)}
        numbers = {row.account_id: _number(row.attributes) for row in connection.execute(_ACCOUNTS)}
        lives = _lives(connection)
    sent = {event["event_id"]: event for book in books for batch in book.batches for event in batch.events}
    changed = [name for name, facts in result.items() if name in sent and facts != _facts(sent[name])]
    return VerificationResult(
        events=sum(book.acknowledged_events for book in books),
        states=sum(len(states) for book in books for states in book.states.values()),
        accounts=sum(len(book.accounts) for book in books),
        lost_events=sum(name not in result for name in _acknowledged(books)),
        foreign_events=len(result.keys() - sent.keys()),
        changed_events=len(changed),
        torn_batches=sum(_is_torn(batch.events, result) for book in books for batch in book.batches),
        lost_states=sum(1 for book in books for _ in _lost_states(book, lives)),
        doubled_states=sum(len(life) != len(set(life)) for life in lives.values()),
        lost_accounts=sum(
            not newest <= numbers.get(name, 0) <= last
            for book in books
            for name, (newest, last) in book.accounts.items()
        ),
        surprises=sum(len(book.surprises) for book in books),
    )


_EVENTS = select(EVENTS.c.event_id, EVENTS.c.account_id, EVENTS.c.amount).where(EVENTS.c.kind == "order")
_ACCOUNTS = select(ACCOUNTS.c.account_id, ACCOUNTS.c.attributes)


def _number(attributes: str | None) -> int:
    return int(json.loads(attributes)["number"]) if attributes else 0


def _facts(event: dict[str, Any]) -> tuple[str, float]:
    return event["account_id"], event["amount"]


def _acknowledged(books: Sequence[SentEvents]) -> Iterator[str]:
    return (e["event_id"] for book in books for batch in book.batches if batch.acknowledged for e in batch.events)


def _is_torn(events: Sequence[dict[str, Any]], result: dict[str, Any]) -> bool:
    return len({event["event_id"] in result for event in events}) == 2


def _lives(connection: Connection) -> dict[str, list[str]]:
    """The states of every decision in the order in which they were written, without the first."""
    rows = connection.execute(select(DECISION_STATES).order_by(DECISION_STATES.c.decision_id, DECISION_STATES.c.number))
    lives: dict[str, list[str]] = {}
    for row in rows:
        if row.state in STATES:
            lives.setdefault(row.decision_id, []).append(row.state)
    return lives


def _lost_states(book: SentEvents, lives: dict[str, list[str]]) -> Iterator[str]:
    """Decisions whose life is neither what was acknowledged nor that with the one more that was attempted."""
    for decision, states in book.states.items():
        attempted = [book.attempted[decision]] if decision in book.attempted else []
        if lives.get(decision, []) not in (states, [*states, *attempted]):
            yield decision
