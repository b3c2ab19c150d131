"""`kqml demo`: the whole way from histories to a served API, with a made-up company, under one folder."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from annotated_types import Interval
from rich.console import Console
from typing_extensions import TypedDict

from kqml.calendar.business_time import moment_of
from kqml.contract.fields import PositiveInteger
from kqml.errors import BadUse
from kqml.messages import text
from kqml.settings import read_settings
from serve.cli.command import Answer, CommandContext, run_here
from serve.cli.database_option import FLAG, OWN
from serve.cli.layout import Line

if TYPE_CHECKING:
    from models.churn.grade import Grade
    from models.registry.versions import Version

MARK = ".kqml-demo"
"""The file that says a folder is a demo's: no other folder is ever deleted."""

ACCOUNTS_PER_REP = 50
DATABASE = "kqml.db"
EVERY = 56
"""Days from one cutoff to the next: half of the usual cutoffs halve the time and cost no grade."""


class DemoStep(TypedDict):
    """A command as a person would type it, with its seconds."""

    step: str
    seconds: Annotated[float, Interval(ge=0)]


class DemoResult(TypedDict):
    """Where the demo lies, how long it took, the version that the service answers with."""

    home: str
    steps: list[DemoStep]
    version: PositiveInteger
    grade: "Grade"


@dataclass
class DemoRun:
    """What was done so far: each command as a person would type it, with its seconds."""

    console: Console
    language: str
    steps: list[DemoStep] = field(default_factory=list)

    def tell(self, title: str, act: Callable[[], object]) -> None:
        """Shows the title, acts, notes how long it took."""
        self.show(title)
        began = time.perf_counter()
        act()
        seconds = round(time.perf_counter() - began, 2)
        self.steps.append(DemoStep(step=title, seconds=seconds))
        seconds_line = text("commands.demo.seconds", self.language, seconds=f"{seconds:.1f}")
        self.console.print(seconds_line, style="dim", highlight=False)

    def show(self, title: str) -> None:
        """Show the title of a step."""
        self.console.print(f"\n{title}", style="bold", highlight=False, markup=False, soft_wrap=True)


def run(
    context: CommandContext,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the API at the end.")] = True,
    fresh: Annotated[bool, typer.Option("--fresh", help="Delete an existing demo first.")] = False,
    accounts: Annotated[
        int, typer.Option(min=1000, help="Number of stores. A model of fewer than 1000 stays ungraded.")
    ] = 2000,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on. Default: KQML_PORT, else 8000.")
    ] = None,
) -> Answer[DemoResult]:
    """Simulate a company up to today, import it, train, promote, score, plan the current week and serve the API.

    The histories come from the simulated world (experiments/world), not from real stores: they demonstrate the product
    and prove nothing about real data. All files are in KQML_HOME/demo; each run creates a new database. The service
    needs no key and is reachable from this machine only. With --json the service does not start.

    Example: kqml demo --no-serve --fresh
    """
    from experiments.world.almanac import TIME_ZONE

    home = read_settings().home.absolute() / "demo"
    _open_folder(home, fresh)
    os.environ |= demo_settings(home)
    today = moment_of(context.now, TIME_ZONE).date()
    stream = sys.stderr if context.as_json else sys.stdout
    story = DemoRun(Console(file=stream), context.language)
    with redirect_stdout(stream):
        _train(story, home, accounts, today)
        fill_database(story, home)
    champion = _champion()
    result = DemoResult(home=str(home), steps=story.steps, version=champion.number, grade=champion.grade)
    afterwards = partial(_serve, story, port) if serve and not context.as_json else None
    return Answer(result, _next_steps(result, (port, today), context.language), afterwards=afterwards)


def _serve(story: DemoRun, port: int | None) -> None:
    from serve.cli.serve import run as serve_api

    story.show("$ kqml serve --open")
    serve_api(port=port, open_=True)


def _open_folder(home: Path, fresh: bool) -> None:
    """Makes the demo's folder, after deleting an earlier demo where choices."""
    if home.exists() and not (home / MARK).exists():
        raise BadUse(f"{home} exists and is not a demo. Set KQML_HOME to another folder.")
    if fresh:
        shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True, exist_ok=True)
    (home / MARK).touch()
    for old in home.glob(f"{DATABASE}*"):
        old.unlink()


def demo_settings(home: Path) -> dict[str, str]:
    """Return the settings by which the demo keeps to its folder and serves this machine only."""
    from experiments.world.almanac import TIME_ZONE

    return {
        "KQML_HOME": str(home),
        "KQML_MLFLOW_URI": f"sqlite:///{home / 'mlflow.db'}",
        "KQML_DATABASE_URL": f"sqlite:///{home / DATABASE}",
        "KQML_TIME_ZONE": TIME_ZONE,
        "KQML_HOST": "127.0.0.1",
    }


def _train(story: DemoRun, home: Path, accounts: int, today: date) -> None:
    """Simulate and train, each step by the function of the command that the title shows."""
    from experiments.cli import simulate
    from serve.cli import check, label_audit, promote, train

    data, charts = home / "data", home / "audit"
    reps, fit = accounts // ACCOUNTS_PER_REP, "vendor"
    story.tell(
        f"$ kqml simulate --accounts {accounts} --reps {reps} --fit {fit} --end {today} --out {data} --force",
        lambda: run_here(simulate.run, data, accounts, reps, fit=fit, end=str(today), force=True),
    )
    story.tell(f"$ kqml check {data}", lambda: run_here(check.run, data))
    story.tell(f"$ kqml label-audit {data} --charts {charts}", lambda: run_here(label_audit.run, data, charts=charts))
    story.tell(f"$ kqml train {data} --every {EVERY}", lambda: run_here(train.run, data, every=EVERY))
    version, why = _newest(), "demo"
    story.tell(f"$ kqml promote {version} --why {why}", lambda: run_here(promote.run, version, why=why))


def fill_database(story: DemoRun, home: Path) -> None:
    """Import the company into the demo's database, score it, plan the week that holds the present day."""
    from serve.cli import import_, plan, score

    data, scores = home / "data", home / "scores.parquet"
    story.tell(f"$ kqml import {data} {FLAG}", lambda: run_here(import_.run, [data], database=OWN))
    story.tell(f"$ kqml score {FLAG} --out {scores}", lambda: run_here(score.run, out=scores, database=OWN))
    story.tell(f"$ kqml plan {FLAG}", lambda: run_here(plan.run, database=OWN))


def _newest() -> str:
    from models.registry.versions import list_versions
    from serve.usecases.model_registry import registry_client

    return str(list_versions(registry_client(read_settings()))[0].number)


def _champion() -> "Version":
    """The version that the service now answers with."""
    from models.registry.versions import find_version
    from serve.usecases.model_registry import registry_client

    return find_version(registry_client(read_settings()), "champion")


def _first_rep(data: Path) -> str:
    """A rep who is still there."""
    from kqml.dataset.folder import read_dataset

    reps = read_dataset(data).reps()
    return str(reps.loc[reps["left_on"].isna(), "rep_id"].min())


def _next_steps(result: DemoResult, choices: tuple[int | None, date], language: str) -> Iterator[Line]:
    seconds = f"{sum(step['seconds'] for step in result['steps']):.0f}"
    yield Line("")
    yield Line(text("commands.demo.done", language, **{**result, "seconds": seconds}))
    yield Line(text("commands.demo.next", language))
    settings, (port, today) = read_settings(), choices
    rep = _first_rep(settings.home / "data")
    address = f"http://{settings.host}:{settings.port if port is None else port}"
    for command in (
        f"export KQML_HOME={settings.home}",
        "kqml models",
        f"kqml score {settings.home / 'data'} --out scores.csv --since {today - timedelta(weeks=4)} --language en",
        f"curl {address}/v1/model",
        f"curl '{address}/v1/accounts?limit=5'",
        f"curl '{address}/v1/duties?rep={rep}'",
        f"kqml days {rep}",
        f"curl {address}/v1/recommendations -H 'Content-Type: application/json' -d '{{\"rep_id\": \"{rep}\"}}'",
    ):
        yield Line(f"  {command}")
