"""Sending of events and states, and the record of what was sent and acknowledged."""

import random
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass
class Batch:
    """Events sent as one; `acknowledged`: the service said that it has them."""

    events: list[dict[str, Any]]
    acknowledged: bool = False


@dataclass
class SentEvents:
    """Kept by one sender. `accounts`: id → (newest number acknowledged, newest sent). `states`: decision → states
    acknowledged, in order; `attempted`: the state that was sent after them without an answer, if any."""

    batches: list[Batch] = field(default_factory=list)
    accounts: dict[str, tuple[int, int]] = field(default_factory=dict)
    states: dict[str, list[str]] = field(default_factory=dict)
    attempted: dict[str, str] = field(default_factory=dict)
    surprises: list[str] = field(default_factory=list)

    @property
    def acknowledged_events(self) -> int:
        return sum(len(batch.events) for batch in self.batches if batch.acknowledged)


STATES = ("accepted", "scheduled", "done", "verified", "outcome")
NEEDED: Mapping[str, dict[str, Any]] = {"outcome": {"outcome": {"margin": 1.5}}}
AWAY = frozenset({503})
GIVE_UP = 0.2
"""Chance that an unanswered change is never sent again: whether it arrived stays unknown."""

ACCOUNTS, EVENTS_AT_MOST = 5, 40
PATIENCE_SECONDS = 5.0


@dataclass
class EventSender(threading.Thread):
    """Sends until told to stop. `decisions`: ids of decisions that nobody else touches."""

    number: int
    address: str
    seed: int
    decisions: list[str]
    stopped: threading.Event
    book: SentEvents = field(default_factory=SentEvents)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self.random = random.Random(f"{self.seed}/{self.number}")
        self.sent = 0

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        with httpx.Client(base_url=self.address, timeout=PATIENCE_SECONDS) as http:
            while not self.stopped.is_set():
                self.random.choices((self._events, self._account, self._state), (6, 2, 2))[0](http)

    def _events(self, http: httpx.Client) -> None:
        batch = Batch([self._event() for _ in range(self.random.randint(1, EVENTS_AT_MOST))])
        self.book.batches.append(batch)
        taken = self._insist(http, "POST", "/v1/events", {"events": batch.events})
        batch.acknowledged = taken is not None
        if taken is not None and taken["added"] + taken["known"] != len(batch.events):
            self.book.surprises.append(f"{len(batch.events)} events sent, answered {taken}")

    def _event(self) -> dict[str, Any]:
        self.sent += 1
        return {
            "event_id": f"s{self.number}-{self.sent}",
            "account_id": f"a{self.number}-{self.sent % ACCOUNTS}",
            "occurred_at": f"2026-01-{1 + self.sent % 28:02d}T08:00:00Z",
            "kind": "order",
            "amount": float(self.sent),
        }

    def _account(self, http: httpx.Client) -> None:
        name = f"a{self.number}-{self.random.randrange(ACCOUNTS)}"
        acknowledged, sent = self.book.accounts.get(name, (0, 0))
        self.book.accounts[name] = (acknowledged, sent + 1)
        facts = {"attributes": {"number": sent + 1}}
        if self._insist(http, "PUT", f"/v1/accounts/{name}", facts) is not None:
            self.book.accounts[name] = (sent + 1, sent + 1)

    def _state(self, http: httpx.Client) -> None:
        if not self.decisions:
            return
        decision = self.random.choice(self.decisions)
        done = self.book.states.setdefault(decision, [])
        if len(done) == len(STATES) or decision in self.book.attempted:
            return
        state = STATES[len(done)]
        self.book.attempted[decision] = state
        body = {"state": state, **NEEDED.get(state, {})}
        if self._insist(http, "POST", f"/v1/decisions/{decision}/status", body) is not None:
            done.append(state)
            del self.book.attempted[decision]

    def _insist(self, http: httpx.Client, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """The answer once there is one; None where it was given up, or the end came first."""
        key = str(uuid.uuid4())
        while True:
            try:
                answer = http.request(method, path, json=body, headers={"idempotency-key": key})
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.is_success:
                return answer.json()
            if answer is not None and answer.status_code not in AWAY:
                self.book.surprises.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
                return None
            if self.stopped.wait(0.01) or self.random.random() < GIVE_UP:
                return None
