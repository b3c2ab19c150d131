"""Hours of ordinary work in minutes: scores, events, exchanged models, with the memory that it takes."""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from experiments.bench.service_load.background_load import event_batches
from experiments.bench.service_load.stores import LoadedCompany

PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / 2**20

SCORING_CLIENTS, EVENTS_A_BATCH = 4, 200
PAUSE_SECONDS = 0.02
"""Between a client's requests: a busy service, not one that is out of breath."""

SAMPLE_SECONDS = 5.0
SETTLING = 1 / 3
"""Share of the time after which caches are full and memory has to stay as it is."""


@dataclass(frozen=True)
class Soak:
    """`group`: the processes of the service at `url`."""

    url: str
    group: int
    company: LoadedCompany
    minutes: float


def soak(request: Soak) -> dict[str, Any]:
    """Works so many minutes; how much was asked, what failed, what memory was held."""
    stop, done, failed = threading.Event(), [0] * (SCORING_CLIENTS + 1), list[str]()
    bodies = request.company.bodies
    batches = event_batches("soak", 100_000_000, EVENTS_A_BATCH)
    sources: list[tuple[str, Callable[[], bytes]]] = [
        ("/v1/scores", lambda: bodies[sum(done) % len(bodies)]) for _ in range(SCORING_CLIENTS)
    ]
    sources.append(("/v1/events", lambda: next(batches)))
    threads = [
        threading.Thread(target=_work, args=(request, index, source, stop, done, failed))
        for index, source in enumerate(sources)
    ]
    for thread in threads:
        thread.start()
    seconds, mib = _sampled(request)
    stop.set()
    for thread in threads:
        thread.join()
    return {
        "scores": sum(done[:-1]),
        "events": done[-1] * EVENTS_A_BATCH,
        "failed": len(failed),
        **_describe(seconds, mib),
    }


def _work(
    request: Soak,
    index: int,
    source: tuple[str, Callable[[], bytes]],
    stop: threading.Event,
    done: list[int],
    failed: list[str],
) -> None:
    path, body = source
    headers: Mapping[str, str] = {**request.company.headers, "content-type": "application/json"}
    with httpx.Client(base_url=request.url, headers=headers, timeout=30) as http:
        while not stop.wait(PAUSE_SECONDS):
            try:
                answer = http.post(path, content=body())
            except httpx.TransportError as error:
                failed.append(repr(error))
                continue
            done[index] += 1
            if not answer.is_success:
                failed.append(answer.text[:200])


def _sampled(request: Soak) -> tuple[list[float], list[float]]:
    seconds, mib, began = [], [], time.monotonic()
    while (spent := time.monotonic() - began) < request.minutes * 60:
        seconds.append(spent)
        mib.append(resident_mib(request.group))
        time.sleep(min(SAMPLE_SECONDS, request.minutes * 60 / 8))
    return seconds, mib


def _describe(seconds: list[float], mib: list[float]) -> dict[str, float]:
    settled = int(len(seconds) * SETTLING)
    return {
        "rss_start_mib": mib[0],
        "rss_settled_mib": mib[settled],
        "rss_end_mib": mib[-1],
        "rss_slope_mib_per_hour": slope_per_hour(seconds[settled:], mib[settled:]),
    }


def resident_mib(group: int) -> float:
    """What the processes of a group hold in memory; pages that they share count for each."""
    return sum(_pages(process) for process in Path("/proc").glob("[0-9]*") if _group(process) == group) * PAGE_MIB


def slope_per_hour(seconds: Sequence[float], mib: Sequence[float]) -> float:
    """By how much memory grows in an hour: the line of least squares."""
    return float(np.polyfit(np.asarray(seconds) / 3600, np.asarray(mib), 1)[0])


def _group(process: Path) -> int | None:
    try:
        return os.getpgid(int(process.name))
    except ProcessLookupError:
        return None


def _pages(process: Path) -> int:
    try:
        return int((process / "statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
