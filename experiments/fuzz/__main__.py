"""`python -m experiments.fuzz`: sends what generators and ill will come up with, says what was answered wrongly."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from experiments.demo_home import demo_pointer
from experiments.fuzz.generated import fuzz_generated
from experiments.fuzz.hostile import fuzz_hostile
from experiments.fuzz.judging import Judge
from experiments.fuzz.target import running_target
from experiments.private_postgres import PostgresServer
from kqml.cli.output import Advance, progress, to_json
from kqml.native import wait_without_spinning

DATABASES = ("sqlite", "postgresql")
HOSTILE_PER_REQUEST = 1 / 20_000
"""Which share of the hostile bodies goes with each generated request."""


def run(
    requests: Annotated[int, typer.Option(min=1, help="Generated requests on each database.")] = 20_000,
    database: Annotated[str, typer.Option(help="sqlite, postgresql, or both.")] = "both",
    seed: Annotated[int, typer.Option(help="Of what is generated.")] = 0,
    pointer: Annotated[Path | None, typer.Option(help="served/current.json of a home; else a demo is made.")] = None,
) -> None:
    """Prints one JSON object; exits with 1 where anything was found."""
    wait_without_spinning()
    names = DATABASES if database == "both" else (database,)
    with TemporaryDirectory(prefix="kqml-fuzz-") as folder:
        model = demo_pointer(Path(folder)) if pointer is None else pointer
        found = {name: _fuzzed(name, model, requests, seed) for name in names}
    typer.echo(to_json(found))
    if any(part["findings"] for parts in found.values() for part in parts.values()):
        raise SystemExit(1)


def _fuzzed(name: str, pointer: Path, requests: int, seed: int) -> dict[str, Any]:
    with _database(name) as address, progress(f"Fuzzing on {name}", requests) as advance:
        return fuzz(address, pointer, requests, seed, advance)


def fuzz(address: str, pointer: Path, requests: int, seed: int, advance: Advance = lambda done: None) -> dict[str, Any]:
    """Generated requests, then hostile ones; findings of each, the failures in the service's log."""
    with TemporaryDirectory(prefix="kqml-fuzz-log-") as folder:
        log = Path(folder) / "log"
        with running_target(address, pointer, log) as target:
            judge = Judge(target.document)
            generated = fuzz_generated(target, judge, requests, seed, advance)
            share = min(1.0, requests * HOSTILE_PER_REQUEST)
            hostile = fuzz_hostile(target, judge, share, seed, lambda done: None)
        failures = [line for line in log.read_text().splitlines() if '"request_failed"' in line]
    told = {"generated": generated.told(), "hostile": hostile.told()}
    for part in told.values():
        part["failures_in_log"] = failures if part["findings"] else []
    return told


@contextmanager
def _database(name: str) -> Iterator[str]:
    if name == "sqlite":
        with TemporaryDirectory(prefix="kqml-fuzz-") as folder:
            yield f"sqlite:///{folder}/kqml.db"
        return
    server = PostgresServer("fsync=off", "max_connections=200")
    try:
        yield server.address("postgres")
    finally:
        server.remove()


if __name__ == "__main__":
    typer.run(run)
