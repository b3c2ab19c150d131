"""A service composed of what a test has."""

from collections.abc import Callable

from serve.access import Access
from serve.metrics import Metrics
from serve.served import ServedModel
from serve.service import Service
from serve.store.engine import Store
from serve.stored import StoredHistories


def service_around(served: ServedModel, store: Store, access: Access, clock: Callable[[], int], limit: int) -> Service:
    """What `serve.workers` composes, around what a test has."""
    return Service(
        served=served,
        metrics=Metrics(served),
        store=store,
        histories=StoredHistories(store),
        access=access,
        clock=clock,
        language="zh",
        body_limit=limit,
    )
