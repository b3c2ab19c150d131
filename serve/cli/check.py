"""`kqml check`: the data usability report of a dataset."""

import time
from pathlib import Path
from typing import Annotated

import typer

from kqml.settings import read_settings
from serve.cli.language_option import LanguageFlag, chosen_language
from serve.cli.output import emit, progress


def run(
    dataset: Annotated[Path, typer.Argument(help="Dataset folder, made by `kqml import`.")],
    language: LanguageFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Says again what a dataset is good for, and whether its files are still those that were written.

    Exits with 1 where the data cannot be used.

    Example: kqml check data/iowa --json
    """
    from kqml.dataset.folder import read_dataset
    from kqml.importing.checking import check_dataset
    from serve.cli.usability_tables import print_report

    speech = chosen_language(language, read_settings().language)
    with progress("Checking", None):
        report = check_dataset(read_dataset(dataset), time.time_ns() // 1000)
    emit(report.to_dict(speech), as_json, lambda console: print_report(console, report, speech))
    if not report.usable:
        raise SystemExit(1)
