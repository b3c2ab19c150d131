"""`kqml demo`: the whole way from histories to served scores, with a made-up company, under one folder."""

import os
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from kqml.errors import BadUse
from kqml.messages import text
from kqml.settings import read_settings
from serve.cli.output import emit

MARK = ".kqml-demo"
"""The file that says a folder is a demo's: no other folder is ever deleted."""

ACCOUNTS_PER_REP = 50


@dataclass
class DemoRun:
    """What was done so far: each command as a person would type it, with its seconds."""

    console: Console
    language: str
    steps: list[dict[str, Any]] = field(default_factory=list)

    def tell(self, title: str, act: Callable[[], object]) -> None:
        """Shows the title, acts, notes how long it took."""
        self.console.print(f"\n{title}", style="bold", highlight=False, markup=False, soft_wrap=True)
        began = time.perf_counter()
        act()
        seconds = round(time.perf_counter() - began, 2)
        self.steps.append({"step": title, "seconds": seconds})
        told = text("commands.demo.seconds", self.language, seconds=f"{seconds:.1f}")
        self.console.print(told, style="dim", highlight=False)


def run(
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the scores when all is done.")] = True,
    fresh: Annotated[bool, typer.Option("--fresh", help="Delete an earlier demo first.")] = False,
    accounts: Annotated[int, typer.Option(min=1000, help="Stores; fewer cannot be graded.")] = 2000,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Else KQML_PORT, else 8000.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object; implies --no-serve.")] = False,
) -> None:
    """Simulates a company, then checks, audits, trains, grades, registers, promotes, scores, serves.

    The histories come from the simulated world (experiments/world), not from real stores: they show the way, they
    prove nothing. Everything is written below one folder, KQML_HOME/demo.

    Example: kqml demo --no-serve --fresh
    """
    home = read_settings().home.absolute() / "demo"
    _open_folder(home, fresh)
    os.environ |= {"KQML_HOME": str(home), "KQML_MLFLOW_URI": f"sqlite:///{home / 'mlflow.db'}"}
    told = sys.stderr if as_json else sys.stdout
    language = read_settings().language
    story = DemoRun(Console(file=told), language)
    with redirect_stdout(told):
        _tell(story, home, accounts)
    result = {"home": str(home), "steps": story.steps, **_champion()}
    emit(result, as_json, lambda console: _say_next(console, language, result, port))
    if serve and not as_json:
        from serve.cli.serve import run as serve_scores

        serve_scores(port=port, open_=True)


def _open_folder(home: Path, fresh: bool) -> None:
    """Makes the demo's folder, after deleting an earlier demo where asked."""
    if home.exists() and not (home / MARK).exists():
        raise BadUse(f"{home} exists, but no demo made it; set KQML_HOME to another folder.")
    if fresh:
        shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True, exist_ok=True)
    (home / MARK).touch()


def _tell(story: DemoRun, home: Path, accounts: int) -> None:
    """Each step by the function of the command that the title shows."""
    from experiments.cli import simulate
    from serve.cli import check, label_audit, promote, score, train

    data, charts, scores = home / "data", home / "audit", home / "scores.parquet"
    reps, fit = accounts // ACCOUNTS_PER_REP, "vendor"
    story.tell(
        f"$ kqml simulate --accounts {accounts} --reps {reps} --fit {fit} --out {data} --force",
        lambda: simulate.run(data, accounts, reps, fit=fit, force=True),
    )
    story.tell(f"$ kqml check {data}", lambda: check.run(data))
    story.tell(f"$ kqml label-audit {data} --charts {charts}", lambda: label_audit.run(data, charts=charts))
    story.tell(f"$ kqml train {data}", lambda: train.run(data))
    version, why = _newest(), "demo"
    story.tell(f"$ kqml promote {version} --why {why}", lambda: promote.run(version, why=why))
    story.tell(f"$ kqml score {data} --out {scores}", lambda: score.run(data, scores))


def _newest() -> str:
    from models.registry.versions import list_versions
    from serve.cli.registry import registry_client

    return str(list_versions(registry_client(read_settings()))[0].number)


def _champion() -> dict[str, Any]:
    """The version that the service now answers with, its grade."""
    from models.registry.versions import find_version
    from serve.cli.registry import registry_client

    found = find_version(registry_client(read_settings()), "champion")
    return {"version": found.number, "grade": found.grade}


def _say_next(console: Console, language: str, result: dict[str, Any], port: int | None) -> None:
    shown = {name: result[name] for name in ("version", "grade", "home")}
    seconds = f"{sum(step['seconds'] for step in result['steps']):.0f}"
    console.print()
    console.print(text("commands.demo.done", language, seconds=seconds, **shown), highlight=False, soft_wrap=True)
    console.print(text("commands.demo.next", language), highlight=False)
    settings = read_settings()
    address = f"http://{settings.host}:{settings.port if port is None else port}"
    for command in (
        f"export KQML_HOME={settings.home}",
        "kqml models",
        f"kqml score {settings.home / 'data'} --out scores.csv --since 2024-10-01 --language en",
        f"curl {address}/v1/model",
    ):
        console.print(f"  {command}", highlight=False, soft_wrap=True)
