"""Metrics read from the database: the age of the scores, the pending messages."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as DatabaseTimeout

from serve.database.engine import Database
from serve.database.tables import DELIVERIES, LATEST_SCORES, OUTBOX

SECOND_US = 1_000_000


class DatabaseCollector(Collector):
    """Reads the database at every scrape; where it does not respond, only that is reported."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    def describe(self) -> Iterable[Metric]:
        """Empty: otherwise registering would read the database."""
        return ()

    def collect(self) -> Iterable[Metric]:
        try:
            with self._database.reading() as connection:
                result = list(_describe(connection, self._clock()))
        except (OperationalError, InterfaceError, DatabaseTimeout):
            result = []
        yield GaugeMetricFamily("kqml_store_up", "1 while the database answers.", float(bool(result)))
        yield from result


def _describe(connection: Connection, now: int) -> Iterator[Metric]:
    """Ages are missing while there is nothing to measure."""
    age = GaugeMetricFamily("kqml_score_age_seconds", "Since the cutoff of the newest stored scores.")
    cutoff = connection.execute(select(func.max(LATEST_SCORES.c.cutoff))).scalar_one()
    if cutoff is not None:
        age.add_metric([], (now - cutoff) / SECOND_US)
    yield age
    waiting = select(func.count(), func.min(OUTBOX.c.created_at)).join_from(DELIVERIES, OUTBOX)
    count, oldest = connection.execute(waiting.where(DELIVERIES.c.next_at.is_not(None))).one()
    dead = connection.execute(select(func.count()).where(DELIVERIES.c.dead_at.is_not(None))).scalar_one()
    queue = GaugeMetricFamily("kqml_messages", "Messages to webhooks, once for each.", labels=("state",))
    queue.add_metric(["waiting"], count)
    queue.add_metric(["dead"], dead)
    yield queue
    oldest_age = GaugeMetricFamily("kqml_message_age_seconds", "Since the oldest waiting message was written.")
    if oldest is not None:
        oldest_age.add_metric([], (now - oldest) / SECOND_US)
    yield oldest_age
