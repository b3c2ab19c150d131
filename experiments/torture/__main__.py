"""`python -m experiments.torture`: kills a service under load, says whether anything acknowledged was lost."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from experiments.private_postgres import PostgresServer
from experiments.torture.killing import Torture, TortureResult, torture

DATABASES = ("sqlite", "postgresql")
RESULTS = Path(__file__).parents[1] / "results" / "torture"


def run(
    kills: Annotated[int, typer.Option(min=1, help="Kills on each database.")] = 200,
    database: Annotated[str, typer.Option(help="sqlite, postgresql, or both.")] = "both",
    seed: Annotated[int, typer.Option(help="Of the moments and of what is sent.")] = 0,
    save: Annotated[bool, typer.Option("--save", help="Store the result in the checkout.")] = False,
) -> None:
    """Prints one JSON object; exits with 1 where anything is wrong."""
    names = DATABASES if database == "both" else (database,)
    result = {name: _tortured(name, kills, seed) for name in names}
    typer.echo(json.dumps(result))
    if save:
        RESULTS.mkdir(parents=True, exist_ok=True)
        details = {"parameters": {"kills": kills, "seed": seed}, **result}
        (RESULTS / f"kills={kills}_seed={seed}.json").write_text(json.dumps(details, indent=2) + "\n", encoding="utf-8")
    if any(outcome["wrong"] for outcome in result.values()):
        raise SystemExit(1)


def _tortured(name: str, kills: int, seed: int) -> dict[str, Any]:
    bar = Progress(console=Console(stderr=True))
    with _planned(name, kills, seed) as plan, bar:
        task = bar.add_task(f"Killing on {name}", total=kills)
        return _describe(torture(plan, lambda done: bar.advance(task, done)))


@contextmanager
def _planned(name: str, kills: int, seed: int) -> Iterator[Torture]:
    with TemporaryDirectory(prefix="kqml-torture-") as folder:
        home = Path(folder)
        if name == "sqlite":
            yield Torture(kills, seed, f"sqlite:///{home / 'kqml.db'}", home)
            return
        server = PostgresServer("max_connections=200")
        try:
            yield Torture(kills, seed, server.address("postgres"), home, server)
        finally:
            server.remove()


def _describe(outcome: TortureResult) -> dict[str, Any]:
    verdict = outcome.verdict
    return {
        "killed": dict(outcome.killed),
        "acknowledged": {"events": verdict.events, "states": verdict.states, "accounts": verdict.accounts},
        "wrong": verdict.wrong,
        "seconds": round(outcome.seconds, 1),
    }


if __name__ == "__main__":
    typer.run(run)
