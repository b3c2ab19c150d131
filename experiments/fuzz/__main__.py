"""`python -m experiments.fuzz`: sends generated and hostile requests and reports wrong answers."""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from experiments.demo_home import demo_pointer
from experiments.fuzz.answer_checks import AnswerCheck
from experiments.fuzz.findings import FindingCounts
from experiments.fuzz.generated import fuzz_generated
from experiments.fuzz.hostile import fuzz_hostile
from experiments.fuzz.logins import fuzz_logins
from experiments.fuzz.target import running_target
from experiments.private_postgres import PostgresServer
from kqml.native import wait_without_spinning

Stepped = Callable[[int], object]
DATABASES = ("sqlite", "postgresql")
HOSTILE_PER_REQUEST = 1 / 20_000
"""Which share of the hostile bodies goes with each generated request."""

LOGINS_PER_REQUEST = 1 / 20
RESULTS = Path(__file__).parents[1] / "results" / "fuzz"


def run(
    requests: Annotated[int, typer.Option(min=1, help="Generated requests on each database.")] = 20_000,
    database: Annotated[str, typer.Option(help="sqlite, postgresql, or both.")] = "both",
    seed: Annotated[int, typer.Option(help="Of what is generated.")] = 0,
    pointer: Annotated[Path | None, typer.Option(help="served/current.json of a home; else a demo is made.")] = None,
    save: Annotated[bool, typer.Option("--save", help="Store the result in the checkout.")] = False,
) -> None:
    """Print one JSON object; exit with 1 if there are findings."""
    wait_without_spinning()
    names = DATABASES if database == "both" else (database,)
    with TemporaryDirectory(prefix="kqml-fuzz-") as folder:
        model = demo_pointer(Path(folder)) if pointer is None else pointer
        result = {name: _fuzzed(name, model, requests, seed) for name in names}
    typer.echo(json.dumps(result, ensure_ascii=False))
    if save:
        _keep({"requests": requests, "seed": seed}, result)
    if any(part["findings"] for parts in result.values() for part in parts.values()):
        raise SystemExit(1)


def _keep(parameters: dict[str, int], result: dict[str, Any]) -> None:
    """Store the result beside those of the same parameters on other databases."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"requests={parameters['requests']}_seed={parameters['seed']}.json"
    earlier = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    details = json.dumps({**earlier, "parameters": parameters, **result}, ensure_ascii=False, indent=2, sort_keys=True)
    path.write_text(details + "\n", encoding="utf-8")


def _fuzzed(name: str, pointer: Path, requests: int, seed: int) -> dict[str, Any]:
    bar = Progress(console=Console(stderr=True))
    with _database(name) as address, bar:
        task = bar.add_task(f"Fuzzing on {name}", total=requests)
        return fuzz(address, pointer, requests, seed, lambda done: bar.advance(task, done))


def fuzz(address: str, pointer: Path, requests: int, seed: int, stepped: Stepped = lambda done: None) -> dict[str, Any]:
    """Send generated requests, hostile ones and login forms; return the findings of each and the failures in the
    service's log."""
    with TemporaryDirectory(prefix="kqml-fuzz-log-") as folder:
        log = Path(folder) / "log"
        with running_target(address, pointer, log) as target:
            judge = AnswerCheck(target.document)
            generated = fuzz_generated(target, judge, requests, seed, stepped)
            share = min(1.0, requests * HOSTILE_PER_REQUEST)
            hostile = fuzz_hostile(target, judge, share, seed, lambda done: None)
            logins = FindingCounts()
            fuzz_logins(target.url, math.ceil(requests * LOGINS_PER_REQUEST), seed, logins)
        failures = [line for line in log.read_text().splitlines() if '"request_failed"' in line]
    result = {"generated": generated.summary(), "hostile": hostile.summary(), "logins": logins.summary()}
    for part in result.values():
        part["failures_in_log"] = failures if part["findings"] else []
    return result


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
