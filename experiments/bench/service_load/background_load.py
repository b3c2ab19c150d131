"""Load beside the measured requests: event batches of one sender, swaps of the served model."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import httpx
import orjson

from models.registry.served_pointer import ServedPointer, write_pointer

BATCH = 5_000
ACCOUNTS = 1_000


def measure_ingest(url: str, headers: Mapping[str, str], events: int) -> float:
    """Events kept per second, each batch acknowledged before the next one is sent."""
    bodies = list(event_batches("bench", events, BATCH))
    with httpx.Client(base_url=url, headers={**headers, "content-type": "application/json"}, timeout=60) as http:
        began = time.perf_counter()
        for body in bodies:
            http.post("/v1/events", content=body).raise_for_status()
        return events / (time.perf_counter() - began)


def event_batches(name: str, events: int, size: int) -> Iterator[bytes]:
    """Bodies of new orders of made-up accounts."""
    for start in range(0, events, size):
        numbers = range(start, min(events, start + size))
        yield orjson.dumps({"events": [_event(name, number) for number in numbers]})


def _event(name: str, number: int) -> dict[str, object]:
    return {
        "event_id": f"{name}-{number}",
        "account_id": f"ingest-{number % ACCOUNTS}",
        "occurred_at": f"2026-01-{1 + number % 28:02d}T08:00:00Z",
        "kind": "order",
        "amount": 100.0 + number % 977,
        "lines": 1 + number % 9,
    }


@contextmanager
def swapping(pointer: Path, versions: Sequence[ServedPointer], seconds: float) -> Iterator[list[str]]:
    """While the block runs, the pointer moves from one version to the next; yields those it moved to so far."""
    stop, moved = threading.Event(), list[str]()

    def move() -> None:
        for version in cycle((*versions[1:], versions[0])):
            if stop.wait(seconds):
                return
            write_pointer(pointer, version)
            moved.append(version.version)

    thread = threading.Thread(target=move)
    thread.start()
    try:
        yield moved
    finally:
        stop.set()
        thread.join()
