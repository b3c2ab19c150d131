"""`kqml evaluate trial`: what a randomised trial says about its arms, whether choosing by person pays."""

from pathlib import Path
from typing import Annotated, Any

import typer

from kqml.settings import read_settings
from serve.cli.backtest import Seed
from serve.cli.language_option import LanguageFlag, chosen_language
from serve.cli.output import emit, progress


def run(  # noqa: PLR0913 - the flags of one command
    file: Annotated[Path, typer.Argument(help="CSV or Parquet, one row for each person or shop that was drawn.")],
    treatment: Annotated[str, typer.Option(help="Column of the arm that was drawn.")],
    control: Annotated[str, typer.Option(help="The arm to compare with, as it stands in the file.")],
    outcome: Annotated[str, typer.Option(help="Column of the outcome: a number, or 0 and 1.")],
    probability: Annotated[
        str | None, typer.Option(help="Column of the chance of the row's own arm; else the arms' shares.")
    ] = None,
    exclude: Annotated[
        str, typer.Option(help="Columns that may not describe a row, with commas: other outcomes, above all.")
    ] = "",
    seed: Seed = 0,
    language: LanguageFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Judges a randomised trial: each arm for everybody, the arm learned to be best for each row, who gains most.

    Every row is judged by what other rows taught. The verdict is no_action, best_arm or personalise; any of them is an
    answer (exit 0). Every remaining column describes the rows, so leave other outcomes out.

    Example: kqml evaluate trial trial.csv --treatment arm --control none --outcome visit --exclude spend --json
    """
    from models.evaluation.trials.report import evaluate_trial, trial_report_json
    from models.evaluation.trials.trial_file import TrialColumns, read_trial

    left = tuple(name.strip() for name in exclude.split(",") if name.strip())
    speech = chosen_language(language, read_settings().language)
    trial = read_trial(file, TrialColumns(treatment, control, outcome, probability, left))
    with progress("Judging every row by the others", None):
        answer = evaluate_trial(trial, seed)
    _answer(trial_report_json(answer, speech), speech, as_json)


def _answer(result: dict[str, Any], language: str, as_json: bool) -> None:
    from serve.cli.trial_tables import print_trial

    emit(result, as_json, lambda console: print_trial(console, result, language))
