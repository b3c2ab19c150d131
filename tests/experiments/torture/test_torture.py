"""The torture in small, and that its judge sees what it must see."""

from dataclasses import asdict
from pathlib import Path

import pytest
from database_fixtures import *  # noqa: F403

from experiments.private_postgres import PROGRAMS, PostgresServer
from experiments.torture.killing import Torture, torture
from experiments.torture.sending import Batch, SentEvents
from experiments.torture.verification import verify_database
from serve.database.decisions import add_decisions, add_state
from serve.database.engine import Database
from serve.database.events import add_events
from serve.database.territory import EVERYWHERE

KILLS = 10
"""A twentieth of `make torture`."""


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_on_sqlite(tmp_path: Path) -> None:
    outcome = torture(Torture(KILLS, 1, f"sqlite:///{tmp_path / 'kqml.db'}", tmp_path))

    assert (outcome.killed["service"], outcome.verdict.wrong) == (KILLS, {})
    assert outcome.verdict.events > 0


@pytest.mark.slow
@pytest.mark.skipif(not PROGRAMS, reason="PostgreSQL is not installed")
def test_nothing_acknowledged_is_lost_on_postgresql(tmp_path: Path) -> None:
    server = PostgresServer("max_connections=200")
    try:
        outcome = torture(Torture(KILLS, 1, server.address("postgres"), tmp_path, server))
    finally:
        server.remove()

    assert (outcome.killed.total(), outcome.verdict.wrong) == (KILLS, {})
    assert outcome.killed["postgresql"] > 0


def event(name: str, amount: float = 1.0) -> dict[str, object]:
    return {"event_id": name, "account_id": "a", "kind": "order", "amount": amount, "occurred_at": 1, "known_at": 2}


def test_a_book_that_the_database_bears_out_is_clean(database: Database) -> None:
    keep(database, event("e1"), event("e2"))
    book = SentEvents(batches=[Batch([event("e1"), event("e2")], True), Batch([event("never arrived")])])
    book.states["d"], book.attempted["d"] = ["accepted"], "scheduled"
    live(database, "accepted", "scheduled")

    assert verify_database(database, [book]).wrong == {}


@pytest.mark.parametrize(
    ("book", "wrong"),
    [
        (SentEvents([Batch([event("e1"), event("e2"), event("e3")], True)]), {"lost_events": 1, "torn_batches": 1}),
        (SentEvents([Batch([event("e1"), event("e2"), event("e3")])]), {"torn_batches": 1}),
        (SentEvents([Batch([event("e1")], True)]), {"foreign_events": 1}),
        (SentEvents([Batch([event("e1"), event("e2", 7.0)], True)]), {"changed_events": 1}),
        (SentEvents([Batch([event("e1"), event("e2")])], states={"d": ["accepted"]}), {"lost_states": 1}),
        (SentEvents([Batch([event("e1"), event("e2")])], accounts={"x": (2, 3)}), {"lost_accounts": 1}),
        (SentEvents([Batch([event("e1"), event("e2")])], surprises=["500"]), {"surprises": 1}),
    ],
)
def test_the_judge_sees_what_is_wrong(database: Database, book: SentEvents, wrong: dict[str, int]) -> None:
    keep(database, event("e1"), event("e2"))

    assert verify_database(database, [book]).wrong == wrong
    assert set(wrong) <= set(asdict(verify_database(database, [book])))


def keep(database: Database, *events: dict[str, object]) -> None:
    with database.writing() as connection:
        add_events(connection, list(events), 2, EVERYWHERE)


def live(database: Database, *states: str) -> None:
    row = {"decision_id": "d", "account_id": "a", "week": "2026-W02", "cutoff": 1, "policy": "p", "playbook": "p"}
    with database.writing() as connection:
        add_decisions(connection, [{**row, "assigned": "visit", "eligible": "[]", "blocked": "{}"}], 1)
        for state in states:
            add_state(connection, "d", {"state": state, "at": 1}, 1)
