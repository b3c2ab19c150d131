"""`kqml backtest`: evaluate the training procedure on past cutoffs against every baseline."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kqml.errors import BadUse, Fault
from serve.cli.churn_options import ChurnOptions, Seed, TestShare
from serve.cli.command import Answer, CommandContext
from serve.cli.font_notices import font_notices
from serve.cli.output import progress
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force

if TYPE_CHECKING:
    from serve.usecases.backtest_model import BacktestResult


def run(  # noqa: PLR0913 - the flags of one command
    dataset: Annotated[Path, typer.Argument(help="Dataset folder written by `kqml import`.")],
    context: CommandContext,
    churn: ChurnOptions,
    test_share: TestShare = 0.25,
    rolling: Annotated[int | None, typer.Option(help="Refit before every N test cutoffs.")] = None,
    gaps: Annotated[str, typer.Option(help="Additional gaps to report, separated by commas; '' for none.")] = "0,30,60",
    predictions: Annotated[Path | None, typer.Option(help="Parquet file for the predictions of the test rows.")] = None,
    charts: Annotated[Path | None, typer.Option(help="Folder for charts. Without it the command draws none.")] = None,
    playbook: PlaybookFlag = None,
    seed: Seed = 0,
) -> Answer["BacktestResult"]:
    """Back-test the training procedure on the last cutoffs of a dataset and compare it with all baselines.

    Each run evaluates the test set once more; the output shows how often that has happened.

    Example: kqml backtest data/iowa --gap 0 --every 30 --start 2013-02-04 --predictions rows.parquet --json
    """
    from kqml.dataset.folder import read_dataset
    from serve.cli.layouts.evaluation import show_evaluation
    from serve.usecases.backtest_model import BacktestRequest, backtest_model
    from serve.usecases.plain_values import plain_value

    request = BacktestRequest(
        dataset=read_dataset(dataset),
        churn=churn.request(),
        playbook=read_playbook_in_force(playbook, context.settings),
        test_share=test_share,
        refit_every=rolling,
        seed=seed,
        gaps=parse_gaps(gaps),
        predictions=predictions,
        charts=charts,
        language=context.language,
    )
    with progress("Back-testing", None):
        result = backtest_model(request, context.settings, context.now)
    blocks = show_evaluation(plain_value(result), context.language)
    return Answer(result, blocks, notices=font_notices(result.charts, context.language))


def parse_gaps(words: str) -> tuple[int, ...]:
    """Return the gaps of text such as "0,30,60". Raises BadUse on anything but whole days."""
    parts = [part.strip() for part in words.split(",") if part.strip()]
    faults = [
        Fault("--gaps", f"{part!r} is not a whole number of days", "give days such as 0,30,60")
        for part in parts
        if not part.isdecimal()
    ]
    if faults:
        raise BadUse("The option --gaps is invalid.", faults)
    return tuple(dict.fromkeys(map(int, parts)))
