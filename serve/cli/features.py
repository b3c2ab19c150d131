"""`kqml features`: write the feature matrix of a dataset."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kqml.errors import BadUse, Fault
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
    model: Annotated[
        str | None,
        typer.Option(
            help="Write the matrix that this model version (number or alias) takes: its eligible accounts, its columns."
        ),
    ] = None,
    playbook: PlaybookFlag = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> Answer["FeatureMatrixResult"]:
    """Compute all features of all accounts at one or more cutoffs and write them to a file.

    The values use only events known before each cutoff. With --model the file has exactly the rows that `kqml score`
    gives to that version, as the version's MLflow model takes them.

    Example: kqml features data/iowa --cutoff 2020-01-01 --cutoff 2020-02-01 --out matrix.parquet
    """
    from serve.usecases.build_features import FeatureMatrixRequest, build_features
    from serve.usecases.build_model_matrix import ModelMatrixRequest, build_model_matrix

    if model is not None and playbook is not None:
        fault = Fault("--playbook", playbook, "leave it out: a version uses the playbook that it was trained with")
        raise BadUse("--model and --playbook exclude each other.", [fault])
    cutoffs = tuple(cutoff or ())
    with progress("Building features", None) as advance:
        if model is not None:
            of_model = ModelMatrixRequest(dataset, cutoffs, model, out, force)
            result = build_model_matrix(of_model, context.settings, advance)
        else:
            rules = read_playbook_in_force(playbook, context.settings)
            result = build_features(FeatureMatrixRequest(dataset, cutoffs, rules, out, force), advance)
    return sentence("commands.features.written", context.language, result)
