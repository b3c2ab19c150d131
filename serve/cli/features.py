"""`kqml features`: write the feature matrix of a dataset."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serve.cli.command import Answer, CommandContext, sentence
from serve.cli.output import progress
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force

if TYPE_CHECKING:
    from serve.usecases.build_features import FeatureMatrixResult


def run(
    dataset: Annotated[Path, typer.Argument(help="Dataset folder written by `kqml import`.")],
    out: Annotated[Path, typer.Option("--out", help="Parquet file to write.")],
    context: CommandContext,
    cutoff: Annotated[
        list[str] | None,
        typer.Option(
            help="Cutoff: a date, or a time with UTC offset. Repeat for several. Default: the end of the data."
        ),
    ] = None,
    playbook: PlaybookFlag = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> Answer["FeatureMatrixResult"]:
    """Compute all features of all accounts at one or more cutoffs and write them to a file.

    The values use only events known before each cutoff.

    Example: kqml features data/iowa --cutoff 2020-01-01 --cutoff 2020-02-01 --out matrix.parquet
    """
    from serve.usecases.build_features import FeatureMatrixRequest, build_features

    rules = read_playbook_in_force(playbook, context.settings)
    request = FeatureMatrixRequest(dataset, tuple(cutoff or ()), rules, out, force)
    with progress("Building features", None) as advance:
        result = build_features(request, advance)
    return sentence("commands.features.written", context.language, result)
