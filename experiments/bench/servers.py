"""Services started for a benchmark: ours, MLflow's, each until the block ends."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from experiments.private_postgres import PostgresServer, free_port
from kqml.errors import CouldNot, Fault

DATABASES = ("sqlite", "postgresql")
STARTING_SECONDS = 180
OUR_WORKER = '"event":"model_loaded"'
THEIR_WORKER = "Application startup complete"
"""What each worker writes into the log when it is ready."""


@dataclass(frozen=True)
class RunningServer:
    """When a service is ready to be measured: the address `path` answers, `line` stands in the log once per worker; the
    first worker alone would get all connections, and keep them."""

    path: str
    line: str
    workers: int


@contextmanager
def our_service(home: Path, workers: int) -> Iterator[str]:
    """`kqml serve` on the champion of a home; yields its address."""
    port = free_port()
    command = [sys.executable, "-m", "kqml", "serve", "--port", str(port), "--workers", str(workers), "--open"]
    url = f"http://127.0.0.1:{port}"
    with _running(command, home, url, RunningServer("/readyz", OUR_WORKER, workers)):
        yield url


@contextmanager
def database_service(home: Path, workers: int, database: str) -> Iterator[tuple[str, int]]:
    """`kqml serve` on a store that knows its callers; yields its address, the process that its others belong to."""
    port = free_port()
    command = [sys.executable, "-m", "kqml", "serve", "--port", str(port), "--workers", str(workers)]
    url = f"http://127.0.0.1:{port}"
    ready = RunningServer("/readyz", OUR_WORKER, workers)
    with _running(command, home, url, ready, {"KQML_DATABASE_URL": database}) as process:
        yield url, process


@contextmanager
def mlflow_service(home: Path, workers: int) -> Iterator[str]:
    """`mlflow models serve` on the same champion; yields its address."""
    port = free_port()
    words = ["models", "serve", "-m", "models:/kqml@champion", "--env-manager", "local", "-h", "127.0.0.1"]
    command = [sys.executable, "-m", "mlflow", *words, "-p", str(port), "--workers", str(workers)]
    url = f"http://127.0.0.1:{port}"
    with _running(command, home, url, RunningServer("/ping", THEIR_WORKER, workers)):
        yield url


@contextmanager
def database_address(name: str, folder: Path) -> Iterator[str]:
    """Yield the address of a new database as it is in production: what is committed is on the disk."""
    if name == "sqlite":
        yield f"sqlite:///{folder / 'kqml.db'}"
        return
    server = PostgresServer("max_connections=200")
    try:
        yield server.address("postgres")
    finally:
        server.remove()


@contextmanager
def _running(
    command: Sequence[str], home: Path, url: str, ready: RunningServer, settings: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Yields the process once all its workers answer."""
    log = home / f"{'mlflow' if 'mlflow' in command else 'kqml'}-serve.log"
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",  # MLflow starts `uvicorn` by name
        "MLFLOW_TRACKING_URI": f"sqlite:///{home.absolute()}/mlflow.db",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "KQML_HOME": str(home.absolute()),
        **(settings or {}),
    }
    with log.open("w") as written:
        process = subprocess.Popen(
            command, cwd=home, env=environment, stdout=written, stderr=written, start_new_session=True
        )
        try:
            _wait(process, url, ready, log)
            yield process.pid
        finally:
            _end(process)


def _wait(process: "subprocess.Popen[bytes]", url: str, ready: RunningServer, log: Path) -> None:
    until = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if log.read_text().count(ready.line) >= ready.workers and _answers(url + ready.path):
            return
        time.sleep(0.2)
    raise CouldNot("A service did not start.", [Fault(url, f"see {log}", "run its command by hand")])


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.TransportError:
        return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Asks the process, then its whole group (MLflow's server is a child of a shell), to stop."""
    process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    try:
        os.killpg(process.pid, 15)
    except ProcessLookupError:
        return
