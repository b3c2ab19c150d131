"""Load on an HTTP service by closed-loop clients."""

import shutil
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
    until = time.perf_counter() + seconds
    times: list[float] = []
    failures: list[int] = []
    sent = {"content-type": "application/json", **headers}
    ask = _asker(url, bodies, sent, until, times, failures)
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = time.perf_counter() - started
    cuts = statistics.quantiles(times, n=100)
    return Load(len(times) / spent, cuts[49] * 1e3, cuts[98] * 1e3, len(failures), "httpx")


def _asker(
    url: str,
    bodies: Sequence[bytes],
    headers: Mapping[str, str],
    until: float,
    times: list[float],
    failures: list[int],
) -> Callable[[int], None]:
    """Send requests with changing bodies until the time is over."""

    def ask(number: int) -> None:
        with httpx.Client(timeout=30, headers=headers) as client:
            while (began := time.perf_counter()) < until:
                answer = client.post(url, content=bodies[number % len(bodies)])
                times.append(time.perf_counter() - began)
                failures.extend([answer.status_code] * (not answer.is_success))
                number += 1

    return ask
