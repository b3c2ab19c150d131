"""The thread that delivers the messages of the outbox."""

import threading
from collections.abc import Callable, Mapping, Sequence
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


Send = Callable[[Sequence[Delivery], int], Sequence[DeliveryAttempt]]


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
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Deliver in a thread until `stop`."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._follow, name="webhook-dispatcher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop after the attempts under way, which are short."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=30)

    def deliver_due(self) -> int:
        """Attempt the due deliveries, at most AT_ONCE; return how many."""
        with self._database.reading() as connection:
            if connection.execute(select(DELIVERIES.c.message_id).where(_due(self._clock())).limit(1)).first() is None:
                return 0
        with self._database.writing() as connection:
            claimed = claim(connection, self._cipher, self._clock())
        attempts = self._send(claimed, self._clock())
        with self._database.writing() as connection:
            for delivery, attempt in zip(claimed, attempts, strict=True):
                settle(connection, delivery, attempt, self._clock(), self._random)
                self._tell(delivery, attempt)
        return len(claimed)

    def _tell(self, delivery: Delivery, attempt: DeliveryAttempt) -> None:
        facts = {"webhook": delivery.webhook.webhook_id, "message": delivery.message_id, "attempt": delivery.attempts}
        self._log.info("webhook_attempt", **facts, fault=attempt.fault)

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                busy = self.deliver_due() == AT_ONCE
            except (SQLAlchemyError, KqmlError) as error:
                busy = False
                self._log.error("webhooks_not_delivered", **where_it_failed(error))
            if not busy:
                self._stop.wait(LOOK_EVERY_SECONDS)


def claim(connection: Connection, cipher: Cipher, now: int) -> Sequence[Delivery]:
    """Claim the oldest due deliveries for LEASE, so that no other dispatcher takes them."""
    columns = (DELIVERIES.c.message_id, DELIVERIES.c.webhook_id, DELIVERIES.c.attempts, OUTBOX.c.payload)
    due = select(*columns).join_from(DELIVERIES, OUTBOX).where(_due(now)).order_by(DELIVERIES.c.next_at).limit(AT_ONCE)
    rows = connection.execute(due.with_for_update(of=DELIVERIES, skip_locked=True)).all()
    webhooks = {row.webhook_id: find_webhook(connection, cipher, row.webhook_id) for row in rows}
    claimed = []
    for row in rows:
        webhook = webhooks[row.webhook_id]
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
