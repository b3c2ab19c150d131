"""`kqml plan-experiment`: how small a change an experiment can show."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from kqml.errors import BadUse, Fault
from kqml.messages import text
from kqml.settings import read_settings
from serve.cli.language_option import LanguageFlag, chosen_language
from serve.cli.output import emit, progress
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force

if TYPE_CHECKING:
    from kqml.playbook import Playbook
    from models.evaluation.experiment_design.design import ExperimentDesign, Population


def run(  # noqa: PLR0913 - the flags of one command
    dataset: Annotated[Path | None, typer.Argument(help="Dataset folder from which spread and reps are taken.")] = None,
    weeks: Annotated[list[int] | None, typer.Option(min=1, help="Weeks; several with a dataset. 13 if absent.")] = None,
    share: Annotated[float, typer.Option(help="Share of the accounts, or of the reps, held out.")] = 0.1,
    accounts: Annotated[int | None, typer.Option(min=2, help="How many accounts take part.")] = None,
    reps: Annotated[int | None, typer.Option(min=1, help="How many reps take part.")] = None,
    mean: Annotated[float | None, typer.Option(help="Mean outcome of an account over the weeks.")] = None,
    sd: Annotated[float | None, typer.Option(help="Its standard deviation.")] = None,
    icc: Annotated[float | None, typer.Option(help="Its correlation within reps, 0 to 1.")] = None,
    correlation: Annotated[float | None, typer.Option(help="Its correlation with as many weeks before.")] = None,
    detect: Annotated[float | None, typer.Option(help="Also tell the power to find this share of the mean.")] = None,
    alpha: Annotated[float, typer.Option(help="Two-sided error of the test.")] = 0.05,
    power: Annotated[float, typer.Option(help="Chance to find the detectable change.")] = 0.8,
    playbook: PlaybookFlag = None,
    language: LanguageFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Says what change can be found by holding out accounts, or whole reps, for some weeks.

    The spread comes from the dataset's margins unless given by --mean, --sd, --icc, --correlation. Margins above the
    99th percentile count as that much; judge the experiment with the same cap.

    Example: kqml plan-experiment data/world --share 0.1 --weeks 13 --weeks 26 --detect 0.03
    """
    settings = read_settings()
    rules = read_playbook_in_force(playbook, settings)
    given = {
        "accounts": accounts,
        "reps": reps,
        "mean": mean,
        "sd": sd,
        "icc": icc,
        "correlation": correlation,
    }
    spans = tuple(weeks or (13,))
    _check(dataset, spans, given)
    with progress("Measuring the spread", None):
        request = (share, alpha, power, detect)
        rows = [row for span in spans for row in _plans(_population(dataset, rules, span, given), span, request)]
    result = {"share": share, "alpha": alpha, "power": power, "detect": detect, "designs": rows}
    speech = chosen_language(language, settings.language)
    emit(result, as_json, lambda console: _print(console, result, speech))


def _check(dataset: Path | None, weeks: tuple[int, ...], given: dict[str, float | None]) -> None:
    if dataset is not None:
        return
    faults = [
        Fault(f"--{name}", "is absent", "give it, or a dataset to take it from")
        for name in ("accounts", "reps", "mean", "sd")
        if given[name] is None
    ]
    if len(weeks) > 1:
        faults.append(Fault("--weeks", f"{len(weeks)} are given", "give one; the spread belongs to it"))
    if faults:
        raise BadUse("There is nothing to plan from.", faults)


def _population(dataset: Path | None, playbook: "Playbook", weeks: int, given: dict[str, float | None]) -> "Population":
    from dataclasses import replace

    from kqml.dataset.folder import read_dataset
    from models.evaluation.experiment_design.design import Population
    from models.evaluation.experiment_design.measurements import measure_population

    details: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if dataset is None:
        return Population(**{"icc": 0.0, "correlation": 0.0, **details})
    result = measure_population(read_dataset(dataset), playbook, weeks)
    return replace(result, **details, cap=None if "sd" in details else result.cap)


def _plans(
    population: "Population", weeks: int, request: tuple[float, float, float, float | None]
) -> list[dict[str, Any]]:
    """A row for each design that the reps allow."""
    from models.evaluation.experiment_design.design import DESIGNS, plan_design, power_of

    share, alpha, power, detect = request
    rows = []
    for design in DESIGNS:
        held = round(population.reps * share)
        if design == "reps" and 0 < share < 1 and min(held, population.reps - held) < 2:
            continue
        planned = plan_design(population, design, share, alpha, power)
        result = None if detect is None else power_of(planned, detect * population.mean, alpha)
        rows.append({"weeks": weeks, **_row(population, planned), "power_to_detect": result})
    return rows


def _row(population: "Population", planned: "ExperimentDesign") -> dict[str, Any]:
    return {**vars(planned), **vars(population)}


def _print(console: Console, result: dict[str, Any], language: str) -> None:
    names = ("weeks", "design", "sides", "detectable", "share", *(["power"] if result["detect"] is not None else []))
    table = Table(*(text(f"experiment.{name}", language) for name in names))
    for row in result["designs"]:
        shown = [str(row["weeks"]), text(f"experiment.of.{row['design']}", language)]
        shown += [f"{row['treated']:,} : {row['held_out']:,}", f"{row['detectable']:.4g}", f"{row['share']:.1%}"]
        table.add_row(*shown, *([f"{row['power_to_detect']:.0%}"] if result["detect"] is not None else []))
    console.print(table)
    for weeks, row in {row["weeks"]: row for row in result["designs"]}.items():
        numbers = {name: row[name] for name in ("accounts", "reps", "mean", "sd", "icc", "correlation")}
        console.print(text("experiment.spread", language, weeks=weeks, **numbers), markup=False)
        if row["cap"] is not None:
            console.print(text("experiment.capped", language, cap=row["cap"]), markup=False)
    console.print(text("experiment.note", language, power=result["power"], alpha=result["alpha"]), markup=False)
