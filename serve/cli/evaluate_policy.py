"""`kqml evaluate policy`: what a policy would have been worth, from decisions drawn with known chances."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kqml.settings import read_settings
from serve.cli.backtest import Seed
from serve.cli.language_option import LanguageFlag, chosen_language
from serve.cli.output import emit, progress
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force

if TYPE_CHECKING:
    from kqml.playbook import Playbook
    from models.evaluation.off_policy.report import PolicyQuestion, PolicyReport


class OutcomeName(StrEnum):
    """What came of a decision."""

    MARGIN = "margin"
    RETAINED = "retained"


def run(  # noqa: PLR0913 - the flags of one command
    log: Annotated[Path, typer.Argument(help="Folder of a decision log, beside its dataset or with --dataset.")],
    target: Annotated[
        str, typer.Option(help="The policy: playbook, an action for everybody, or a table (.csv, .parquet).")
    ] = "playbook",
    against: Annotated[str, typer.Option(help="What it is compared with, named likewise.")] = "wait",
    dataset: Annotated[Path | None, typer.Option(help="Its dataset, where the log lies in another folder.")] = None,
    outcome: Annotated[OutcomeName, typer.Option(help="What counts.")] = OutcomeName.MARGIN,
    horizon: Annotated[int, typer.Option(min=7, help="Days over which it counts.")] = 91,
    playbook: PlaybookFlag = None,
    seed: Seed = 0,
    language: LanguageFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Estimates the value of one week of a policy, later weeks being those of the log, with intervals; or refuses.

    Exits with 1 where the log cannot speak for the policy: fewer than 100 effective rows, or a mean weight outside .8
    to 1.2. A table has the columns account_id, week, action and, for policies with dice, probability.

    Example: kqml evaluate policy data/log --dataset data/world --target visit --against playbook
    """
    from models.evaluation.off_policy.report import PolicyQuestion, policy_report_json

    settings = read_settings()
    rules = read_playbook_in_force(playbook, settings)
    speech = chosen_language(language, settings.language)
    question = PolicyQuestion(target, against, outcome.value, horizon, seed)
    with progress("Weighing the drawn decisions", None):
        answer = _answer(log, dataset or log, rules, question)
    result = {**policy_report_json(answer, speech), "log": str(log), "playbook": rules.version}
    _tell(result, speech, as_json)
    if answer.evaluation.refused:
        raise typer.Exit(1)


def _answer(log: Path, dataset: Path, playbook: "Playbook", question: "PolicyQuestion") -> "PolicyReport":
    from kqml.dataset.folder import read_dataset
    from models.evaluation.off_policy.decisions import read_decisions
    from models.evaluation.off_policy.report import policy_report

    decisions = read_decisions(log, read_dataset(dataset), playbook, question.horizon_days)
    return policy_report(decisions, playbook, question)


def _tell(result: dict[str, Any], language: str, as_json: bool) -> None:
    from serve.cli.policy_tables import print_policy

    emit(result, as_json, lambda console: print_policy(console, result, language))
