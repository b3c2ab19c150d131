"""`kqml check`: print the data usability report of a dataset."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serve.cli.command import Answer, CommandContext
from serve.cli.output import progress

if TYPE_CHECKING:
    from kqml.importing.report import DescribedReport


def run(
    dataset: Annotated[Path, typer.Argument(help="Dataset folder written by `kqml import`.")],
    context: CommandContext,
) -> Answer["DescribedReport"]:
    """Check a dataset: print its data usability report and verify the fingerprint of its files.

    Exits with 1 if the data cannot be used.

    Example: kqml check data/iowa --json
    """
    from serve.cli.layouts.usability import show_usability
    from serve.usecases.check_dataset import check_dataset

    with progress("Checking", None):
        report = check_dataset(dataset, context.now)
    blocks = show_usability(report, context.language)
    return Answer(report.describe(context.language), blocks, exit_code=int(not report.usable))
