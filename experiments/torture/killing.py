"""A service under load, killed again and again."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from experiments.private_postgres import PostgresServer, free_port
from experiments.torture.sending import EventSender
from experiments.torture.verification import VerificationResult, verify_database
from kqml.calendar.business_time import DAY_US
from kqml.errors import CouldNot
from serve.database.decisions import add_decisions
from serve.database.engine import open_database
from serve.database.preparation import open_prepared

SENDERS, DECISIONS_EACH = 4, 400
SHORTEST, LONGEST = 0.03, 0.6
"""Seconds for which a service lives once it answers."""

OF_DATABASE = 0.3
"""Share of the kills that hit PostgreSQL instead of the service."""

STARTING_SECONDS = 60

_DECIDED = {
    "account_id": "a",
    "week": "2026-W02",
    "cutoff": 20_000 * DAY_US,
    "policy": "p",
    "playbook": "p",
    "assigned": "visit",
    "eligible": "[]",
    "blocked": "{}",
}


@dataclass(frozen=True)
class Torture:
    """`kills`: how many in all. `server`: the PostgreSQL server of `address`, None on SQLite."""

    kills: int
    seed: int
    address: str
    home: Path
    server: PostgresServer | None = None


@dataclass(frozen=True)
class TortureResult:
    """What was killed how often, what the database then held, in how long."""

    killed: Counter[str]
    verdict: VerificationResult
    seconds: float


def torture(plan: Torture, stepped: Callable[[int], object] = lambda done: None) -> TortureResult:
    """Kills until done, then reads the database once more, by a process that was never killed."""
    began = time.monotonic()
    decisions = _decisions(plan.address)
    stopped, port = threading.Event(), free_port()
    senders = [EventSender(n, f"http://127.0.0.1:{port}", plan.seed, decisions[n], stopped) for n in range(SENDERS)]
    killed: Counter[str] = Counter()
    with _zygote(plan) as zygote:
        process = _start(zygote, port)
        for sender in senders:
            sender.start()
        probability = random.Random(plan.seed)
        for _ in range(plan.kills):
            time.sleep(probability.uniform(SHORTEST, LONGEST))
            if plan.server is not None and probability.random() < OF_DATABASE:
                _kill_database(plan.server)
                killed["postgresql"] += 1
            else:
                os.kill(process, signal.SIGKILL)
                process = _start(zygote, port)
                killed["service"] += 1
            stepped(1)
        time.sleep(LONGEST)
        stopped.set()
        for sender in senders:
            sender.join()
        os.kill(process, signal.SIGKILL)
    return TortureResult(killed, _evaluate(plan.address, senders), time.monotonic() - began)


def _evaluate(address: str, senders: Sequence[EventSender]) -> VerificationResult:
    database = open_database(address)
    try:
        return verify_database(database, [sender.book for sender in senders])
    finally:
        database.close()


def _decisions(address: str) -> list[list[str]]:
    """Decisions to report on, for each sender its own, written before anything is killed."""
    names = [[f"d{sender}-{number}" for number in range(DECISIONS_EACH)] for sender in range(SENDERS)]
    rows = [{**_DECIDED, "decision_id": name} for names_of_batch in names for name in names_of_batch]
    database = open_prepared(address, "Asia/Shanghai")
    try:
        with database.writing() as connection:
            add_decisions(connection, rows, 20_000 * DAY_US)
    finally:
        database.close()
    return names


@contextmanager
def _zygote(plan: Torture) -> "Iterator[subprocess.Popen[str]]":
    command = [sys.executable, "-m", "experiments.torture.zygote", plan.address, str(plan.home)]
    with (plan.home / "services.log").open("w") as log:
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=log, text=True, start_new_session=True)
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def _start(zygote: "subprocess.Popen[str]", port: int) -> int:
    """The process of a service that answers."""
    assert zygote.stdin is not None
    assert zygote.stdout is not None
    zygote.stdin.write(f"{port}\n")
    zygote.stdin.flush()
    process = int(zygote.stdout.readline())
    until = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < until:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).is_success:
                return process
        except httpx.TransportError:
            time.sleep(0.005)
    raise CouldNot("The service did not start again; see services.log in its home.")


def _kill_database(server: PostgresServer) -> None:
    server.kill()
    server.start()
