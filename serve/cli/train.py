"""`kqml train`: fit a model on all mature cutoffs, evaluate it and register it as a version."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serve.cli.churn_options import ChurnOptions, Seed, TestShare
from serve.cli.command import Answer, CommandContext
from serve.cli.database_option import DatabaseOption, read_source
from serve.cli.font_notices import font_notices
from serve.cli.output import progress
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force

if TYPE_CHECKING:
    from serve.usecases.train_model import TrainingResult


def run(  # noqa: PLR0913 - the flags of one command
    context: CommandContext,
    dataset: Annotated[Path | None, typer.Argument(help="Dataset folder written by `kqml import`.")] = None,
    database: DatabaseOption = None,
    *,
    churn: ChurnOptions,
    test_share: TestShare = 0.25,
    tune: Annotated[
        float | None,
        typer.Option(help="Time budget in seconds for tuning with Optuna, on cutoffs before the test set."),
    ] = None,
    explain_leak: Annotated[
        str, typer.Option(help="Explanation why suspected leakage is none. Recorded with the run.")
    ] = "",
    playbook: PlaybookFlag = None,
    seed: Seed = 0,
) -> Answer["TrainingResult"]:
    """Back-test the training procedure, grade it, fit a model on all mature cutoffs and register it as a version.

    Each run evaluates the test set once more; the output shows how often that has happened.

    Example: kqml train data/iowa --gap 28 --tune 300
    """
    from serve.cli.layouts.training import show_training
    from serve.usecases.plain_values import plain_value
    from serve.usecases.train_model import TrainingRequest, train_model

    notices: list[str] = []
    with progress("Training", None):
        request = TrainingRequest(
            dataset=read_source(dataset, database, context.settings),
            churn=churn.request(),
            playbook=read_playbook_in_force(playbook, context.settings),
            test_share=test_share,
            tune_seconds=tune,
            seed=seed,
            leak_explanation=explain_leak,
            language=context.language,
        )
        result = train_model(
            request,
            context.settings,
            context.now,
            drawn=lambda charts: notices.extend(font_notices(charts, context.language)),
        )
    return Answer(result, show_training(plain_value(result), context.language), notices=notices)
