"""The threads that deliver the messages of the outbox: one lane for each webhook, so that none waits for another."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update
from sqlalchemy.exc import SQLAlchemyError
from structlog.typing import FilteringBoundLogger

from kqml.errors import KqmlError
from serve.database.engine import Database
from serve.database.tables import DELIVERIES, OUTBOX
from serve.logs import where_it_failed
from serve.security.encryption import Cipher
from serve.webhooks.records import disable_webhook, find_webhook
from serve.webhooks.sending import Delivery, DeliveryAttempt

SECOND = 1_000_000
LOOK_EVERY_SECONDS = 1.0
AT_ONCE = 16
LEASE = 120 * SECOND
"""A claimed delivery that nobody settles, because its process died, is tried again after so long."""

MOST_ATTEMPTS = 14
FIRST_PAUSE, LONGEST_PAUSE = 10 * SECOND, 12 * 3600 * SECOND
"""3 times as long each time: about two and a half days from the first attempt to the last."""

SHORTEST_REST, LONGEST_REST = 5 * SECOND, 300 * SECOND
"""How long a webhook rests after rounds in which every attempt failed: 3 times as long each time, never longer than its
deliveries wait anyway."""

Send = Callable[[Sequence[Delivery], int], Sequence[DeliveryAttempt]]


class CircuitBreaker:
    """Per webhook: after a round in which every attempt failed it rests, longer each time, then one delivery probes."""

    def __init__(self) -> None:
        self._failed: dict[str, int] = {}
        self._closed_until: dict[str, int] = {}

    def room(self, webhook_id: str, now: int) -> int:
        """Return how many deliveries may be attempted at once: none while the webhook rests, one to probe it."""
        if self._closed_until.get(webhook_id, now) > now:
            return 0
        return 1 if webhook_id in self._failed else AT_ONCE

    def note(self, webhook_id: str, attempts: Sequence[DeliveryAttempt], now: int) -> None:
        """Take the attempts of a round into account."""
        if not attempts or any(attempt.fault is None for attempt in attempts):
            self._failed.pop(webhook_id, None)
            self._closed_until.pop(webhook_id, None)
            return
        failed = self._failed[webhook_id] = self._failed.get(webhook_id, 0) + 1
        self._closed_until[webhook_id] = now + min(SHORTEST_REST * 3 ** (failed - 1), LONGEST_REST)


class Dispatcher:
    """Delivers at least once; several may run in processes of their own."""

    def __init__(
        self, database: Database, cipher: Cipher, send: Send, clock: Callable[[], int], log: FilteringBoundLogger
    ) -> None:
        self._database = database
        self._cipher = cipher
        self._send = send
        self._clock = clock
        self._log = log
        self._random = Random()
        self._breaker = CircuitBreaker()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._lanes: dict[str, threading.Thread] = {}

    def start(self) -> None:
        """Deliver in threads until `stop`."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._follow, name="webhook-dispatcher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop after the attempts under way, which are short."""
        self._stop.set()
        for thread in (self._thread, *self._lanes.values()):
            if thread is not None:
                thread.join(timeout=30)

    def deliver_due(self) -> int:
        """Attempt the due deliveries, at most AT_ONCE of each webhook; return how many."""
        return sum(self._deliver(webhook_id) for webhook_id in self._due_webhooks())

    def _due_webhooks(self) -> Sequence[str]:
        """The webhooks with due deliveries that do not rest."""
        now = self._clock()
        with self._database.reading() as connection:
            due = connection.execute(select(DELIVERIES.c.webhook_id).where(_due(now)).distinct()).scalars().all()
        return [webhook_id for webhook_id in due if self._breaker.room(webhook_id, now)]

    def _deliver(self, webhook_id: str) -> int:
        """Attempt due deliveries of a webhook, at most AT_ONCE; return how many."""
        room = self._breaker.room(webhook_id, self._clock())
        with self._database.writing() as connection:
            claimed = claim(connection, self._cipher, self._clock(), webhook_id, room)
        if not claimed:
            return 0
        attempts = self._send(claimed, self._clock())
        self._breaker.note(webhook_id, attempts, self._clock())
        with self._database.writing() as connection:
            for delivery, attempt in zip(claimed, attempts, strict=True):
                settle(connection, delivery, attempt, self._clock(), self._random)
                self._tell(delivery, attempt)
        return len(claimed)

    def _tell(self, delivery: Delivery, attempt: DeliveryAttempt) -> None:
        facts = {"webhook": delivery.webhook.webhook_id, "message": delivery.message_id, "attempt": delivery.attempts}
        self._log.info("webhook_attempt", **facts, fault=attempt.fault)

    def _follow(self) -> None:
        """Start a lane for every webhook with due deliveries that has none running."""
        while not self._stop.is_set():
            with self._logged():
                self._lanes = {name: lane for name, lane in self._lanes.items() if lane.is_alive()}
                for webhook_id in self._due_webhooks():
                    if webhook_id not in self._lanes:
                        lane = threading.Thread(
                            target=self._run_lane, args=(webhook_id,), name="webhook-lane", daemon=True
                        )
                        self._lanes[webhook_id] = lane
                        lane.start()
            self._stop.wait(LOOK_EVERY_SECONDS)

    def _run_lane(self, webhook_id: str) -> None:
        """Deliver until nothing of the webhook is due, or it rests."""
        with self._logged():
            while not self._stop.is_set() and self._deliver(webhook_id):
                continue

    @contextmanager
    def _logged(self) -> Iterator[None]:
        """Log that the database does not respond; what is not delivered stays due."""
        try:
            yield
        except (SQLAlchemyError, KqmlError) as error:
            self._log.error("webhooks_not_delivered", **where_it_failed(error))


def claim(
    connection: Connection, cipher: Cipher, now: int, webhook_id: str, limit: int = AT_ONCE
) -> Sequence[Delivery]:
    """Claim the oldest due deliveries of a webhook for LEASE, so that no other dispatcher takes them."""
    columns = (DELIVERIES.c.message_id, DELIVERIES.c.webhook_id, DELIVERIES.c.attempts, OUTBOX.c.payload)
    mine = (_due(now), DELIVERIES.c.webhook_id == webhook_id)
    due = select(*columns).join_from(DELIVERIES, OUTBOX).where(*mine).order_by(DELIVERIES.c.next_at).limit(limit)
    rows = connection.execute(due.with_for_update(of=DELIVERIES, skip_locked=True)).all()
    webhook, claimed = find_webhook(connection, cipher, webhook_id) if rows else None, []
    for row in rows:
        assert webhook is not None
        claimed.append(Delivery(row.message_id, webhook, row.payload, row.attempts + 1))
        _change(connection, claimed[-1], {"next_at": now + LEASE, "attempts": row.attempts + 1})
    return claimed


def settle(connection: Connection, delivery: Delivery, attempt: DeliveryAttempt, now: int, random: Random) -> None:
    """Store the result of an attempt: delivered, to be retried, or dead."""
    if attempt.fault is None:
        _change(connection, delivery, {"next_at": None, "delivered_at": now, "fault": None})
    elif attempt.gone or delivery.attempts >= MOST_ATTEMPTS:
        _change(connection, delivery, {"next_at": None, "dead_at": now, "fault": attempt.fault})
    else:
        later = max(pause_after(delivery.attempts, random), attempt.retry_after * SECOND)
        _change(connection, delivery, {"next_at": now + later, "fault": attempt.fault})
    if attempt.gone:
        disable_webhook(connection, delivery.webhook.webhook_id, now)


def pause_after(attempts: int, random: Random) -> int:
    """Return how long to wait after so many failed attempts, in microseconds: exponential, half of it random, so that
    receivers that come back do not get everything at once."""
    whole = min(FIRST_PAUSE * 3 ** (attempts - 1), LONGEST_PAUSE)
    return int(whole * random.uniform(0.5, 1.0))


def _due(now: int) -> ColumnElement[bool]:
    return DELIVERIES.c.next_at <= now


def _change(connection: Connection, delivery: Delivery, values: Mapping[str, Any]) -> None:
    mine = (DELIVERIES.c.message_id == delivery.message_id) & (DELIVERIES.c.webhook_id == delivery.webhook.webhook_id)
    connection.execute(update(DELIVERIES).where(mine, DELIVERIES.c.dead_at.is_(None)).values(**values))
