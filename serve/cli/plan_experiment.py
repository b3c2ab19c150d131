"""`kqml plan-experiment`: compute the smallest effect that an experiment can detect."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serve.cli.command import Answer, CommandContext
from serve.cli.layout import Block, Table, Words
from serve.cli.output import progress
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force

if TYPE_CHECKING:
    from serve.usecases.plan_experiment import ExperimentResult

SPREAD = ("accounts", "reps", "mean", "sd", "icc", "correlation")


def run(  # noqa: PLR0913 - the flags of one command
    context: CommandContext,
    dataset: Annotated[Path | None, typer.Argument(help="Dataset folder that provides variance and reps.")] = None,
    weeks: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Duration in weeks. Repeat for several (with a dataset). Default: 13."),
    ] = None,
    share: Annotated[float, typer.Option(help="Share of accounts, or of reps, in the holdout.")] = 0.1,
    accounts: Annotated[int | None, typer.Option(min=2, help="Number of accounts in the experiment.")] = None,
    reps: Annotated[int | None, typer.Option(min=1, help="Number of reps in the experiment.")] = None,
    mean: Annotated[float | None, typer.Option(help="Mean outcome per account over the duration.")] = None,
    sd: Annotated[float | None, typer.Option(help="Standard deviation of the outcome.")] = None,
    icc: Annotated[float | None, typer.Option(help="Intra-rep correlation of the outcome, 0 to 1.")] = None,
    correlation: Annotated[
        float | None, typer.Option(help="Correlation of the outcome with the same number of weeks before.")
    ] = None,
    detect: Annotated[
        float | None, typer.Option(help="Effect, as a share of the mean, to report the power for.")
    ] = None,
    alpha: Annotated[float, typer.Option(help="Two-sided significance level.")] = 0.05,
    power: Annotated[float, typer.Option(help="Power at the detectable effect.")] = 0.8,
    playbook: PlaybookFlag = None,
) -> Answer["ExperimentResult"]:
    """Compute the smallest effect that an experiment with a holdout of accounts, or of whole reps, can detect.

    The variance comes from the dataset's margins, or from --mean, --sd, --icc and --correlation. Margins above the 99th
    percentile are capped; use the same cap in the evaluation.

    Example: kqml plan-experiment data/world --share 0.1 --weeks 13 --weeks 26 --detect 0.03
    """
    from serve.usecases.plain_values import plain_value
    from serve.usecases.plan_experiment import ExperimentRequest, plan_experiment

    given = dict(zip(SPREAD, (accounts, reps, mean, sd, icc, correlation), strict=True))
    request = ExperimentRequest(
        dataset=dataset,
        playbook=read_playbook_in_force(playbook, context.settings),
        weeks=tuple(weeks or (13,)),
        given=given,
        share=share,
        alpha=alpha,
        power=power,
        detect=detect,
    )
    with progress("Measuring variance", None):
        result = plan_experiment(request)
    return Answer(result, _blocks(plain_value(result), context.language))


def _blocks(result: Mapping[str, Any], language: str) -> Iterator[Block]:
    words = Words("experiment", language)
    yield _designs(result, words)
    for weeks, row in {row["weeks"]: row for row in result["designs"]}.items():
        yield words.line("spread", weeks=weeks, **{name: row[name] for name in SPREAD})
        if row["cap"] is not None:
            yield words.line("capped", cap=row["cap"])
    yield words.line("note", power=result["power"], alpha=result["alpha"])


def _designs(result: Mapping[str, Any], words: Words) -> Table:
    columns = [
        words.column("weeks"),
        words.column("design", lambda row: words(f"of.{row['design']}")),
        words.column("sides", lambda row: f"{row['treated']:,} : {row['held_out']:,}"),
        words.column("detectable", lambda row: f"{row['detectable']:.4g}"),
        words.column("share", lambda row: f"{row['share']:.1%}"),
    ]
    if result["detect"] is not None:
        columns.append(words.column("power", lambda row: f"{row['power_to_detect']:.0%}"))
    return Table(columns, result["designs"])
