"""Load on an HTTP service by closed-loop clients."""

import shutil
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, takewhile
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import orjson

from kqml.errors import CouldNot, Fault

SCRIPT = Path(__file__).with_name("post.lua")


@dataclass(frozen=True)
class Load:
    """Measured load. `failed`: responses other than 2xx, or none. `by`: the load generator."""

    requests_per_s: float
    p50_ms: float
    p99_ms: float
    failed: int
    by: str


def measure_load(
    url: str, bodies: Sequence[bytes], clients: int, seconds: float, headers: Mapping[str, str] | None = None
) -> Load:
    """POST the JSON bodies in turn for so many seconds, by `wrk` where installed, else by httpx."""
    measure = _by_wrk if shutil.which("wrk") else _by_httpx
    return measure(url, bodies, clients, seconds, headers or {})


def measure_once(url: str, bodies: Sequence[bytes], clients: int, headers: Mapping[str, str] | None = None) -> Load:
    """POST each JSON body once, so that every request does its whole work; by httpx."""
    return _timed_posts(url, iter(bodies), clients, headers or {})


def _by_wrk(url: str, bodies: Sequence[bytes], clients: int, seconds: float, headers: Mapping[str, str]) -> Load:
    with TemporaryDirectory(prefix="kqml-load-") as folder:
        for number, body in enumerate(bodies):
            (Path(folder) / f"{number}.json").write_bytes(body)
        command = ["wrk", "-t1", f"-c{clients}", f"-d{max(1, round(seconds))}s", "--timeout", "30s", "-s", str(SCRIPT)]
        command += [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
        ended = subprocess.run(
            [*command, url, "--", folder, str(len(bodies))], capture_output=True, text=True, check=False
        )
    if ended.returncode:
        raise CouldNot("wrk failed.", [Fault(url, ended.stderr.strip() or ended.stdout.strip(), "run it by hand")])
    result = orjson.loads(ended.stdout.splitlines()[-1])
    return Load(result["requests"] / result["seconds"], result["p50_ms"], result["p99_ms"], result["failed"], "wrk")


def _by_httpx(url: str, bodies: Sequence[bytes], clients: int, seconds: float, headers: Mapping[str, str]) -> Load:
    return _timed_posts(url, _until(cycle(bodies), time.perf_counter() + seconds), clients, headers)


def _until(bodies: Iterator[bytes], end: float) -> Iterator[bytes]:
    return takewhile(lambda body: time.perf_counter() < end, bodies)


def _timed_posts(url: str, bodies: Iterator[bytes], clients: int, headers: Mapping[str, str]) -> Load:
    """POST bodies until there are no more; each client takes the next one that no other has taken."""
    times: list[float] = []
    failures: list[int] = []
    taking = threading.Lock()

    def take() -> bytes | None:
        with taking:
            return next(bodies, None)

    def work() -> None:
        with httpx.Client(timeout=60, headers={"content-type": "application/json", **headers}) as client:
            while (body := take()) is not None:
                began = time.perf_counter()
                answer = client.post(url, content=body)
                times.append(time.perf_counter() - began)
                failures.extend([answer.status_code] * (not answer.is_success))

    threads = [threading.Thread(target=work) for _ in range(clients)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = time.perf_counter() - started
    cuts = statistics.quantiles(times, n=100)
    return Load(len(times) / spent, cuts[49] * 1e3, cuts[98] * 1e3, len(failures), "httpx")
