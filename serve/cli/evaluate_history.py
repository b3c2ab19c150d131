"""`kqml evaluate history`: what actions seem to have changed in a history without a decision log."""

from pathlib import Path
from typing import Annotated

import typer

from kqml.settings import read_settings
from serve.cli.backtest import Seed
from serve.cli.language_option import LanguageFlag, chosen_language
from serve.cli.output import emit, progress
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force


def run(
    folder: Annotated[Path, typer.Argument(help="Dataset folder.")],
    horizon: Annotated[int, typer.Option(min=7, help="Days over which margin counts.")] = 91,
    weeks: Annotated[int, typer.Option(min=1, help="The last weeks whose horizon has passed.")] = 26,
    playbook: PlaybookFlag = None,
    seed: Seed = 0,
    language: LanguageFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Estimate the effect of each action on margin from a history in which nothing was randomised.

    Accounts and weeks with an action are compared with like ones without. What was not recorded may explain the
    difference, so plans and totals never use these effects.

    Example: kqml evaluate history data/company --weeks 52
    """
    from kqml.dataset.folder import read_dataset
    from models.evaluation.off_policy.observed_effects import observed_effects, observed_effects_json
    from serve.cli.history_tables import print_observed_effects

    settings = read_settings()
    rules = read_playbook_in_force(playbook, settings)
    speech = chosen_language(language, settings.language)
    with progress("Comparing accounts and weeks", None):
        found = observed_effects(read_dataset(folder), rules, horizon, weeks, seed)
    result = {
        **observed_effects_json(found),
        "horizon_days": horizon,
        "dataset": str(folder),
        "playbook": rules.version,
    }
    emit(result, as_json, lambda console: print_observed_effects(console, result, speech))
