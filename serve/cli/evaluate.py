"""`kqml evaluate …`: the effects in a randomised trial, the value of a policy."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from serve.cli.churn_options import Seed
from serve.cli.command import Answer, CommandContext
from serve.cli.output import progress
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force


class Outcome(StrEnum):
    """What came of a decision."""

    MARGIN = "margin"
    RETAINED = "retained"


def trial(  # noqa: PLR0913 - the flags of one command
    file: Annotated[Path, typer.Argument(help="CSV or Parquet, one row for each person or shop that was drawn.")],
    treatment: Annotated[str, typer.Option(help="Column of the arm that was drawn.")],
    control: Annotated[str, typer.Option(help="The arm to compare with, as it stands in the file.")],
    outcome: Annotated[str, typer.Option(help="Column of the outcome: a number, or 0 and 1.")],
    context: CommandContext,
    probability: Annotated[
        str | None, typer.Option(help="Column of the chance of the row's own arm; else the arms' shares.")
    ] = None,
    exclude: Annotated[
        str, typer.Option(help="Columns that may not describe a row, with commas: other outcomes, above all.")
    ] = "",
    seed: Seed = 0,
) -> Answer[Any]:
    """Judges a randomised trial: each arm for everybody, the arm learned to be best for each row, who gains most.

    Every row is judged by what other rows taught. The verdict is no_action, best_arm or personalise; any of them is an
    answer (exit 0). Every remaining column describes the rows, so leave other outcomes out.

    Example: kqml evaluate trial trial.csv --treatment arm --control none --outcome visit --exclude spend --json
    """
    from serve.cli.layouts.trial import show_trial
    from serve.usecases.evaluate_trial import TrialRequest, evaluate_trial

    request = TrialRequest(
        file=file,
        treatment=treatment,
        control=control,
        outcome=outcome,
        probability=probability,
        exclude=tuple(name.strip() for name in exclude.split(",") if name.strip()),
        seed=seed,
        language=context.language,
    )
    with progress("Judging every row by the others", None):
        result = evaluate_trial(request)
    return Answer(result, show_trial(vars(result), context.language))


def policy(  # noqa: PLR0913 - the flags of one command
    log: Annotated[Path, typer.Argument(help="Folder of a decision log, beside its dataset or with --dataset.")],
    context: CommandContext,
    target: Annotated[
        str, typer.Option(help="The policy: playbook, an action for everybody, or a table (.csv, .parquet).")
    ] = "playbook",
    against: Annotated[str, typer.Option(help="What it is compared with, named likewise.")] = "wait",
    dataset: Annotated[Path | None, typer.Option(help="Its dataset, where the log lies in another folder.")] = None,
    outcome: Annotated[Outcome, typer.Option(help="What counts.")] = Outcome.MARGIN,
    horizon: Annotated[int, typer.Option(min=7, help="Days over which it counts.")] = 91,
    playbook: PlaybookFlag = None,
    seed: Seed = 0,
) -> Answer[Any]:
    """Estimates the value of one week of a policy, later weeks being those of the log, with intervals; or refuses.

    Exits with 1 where the log cannot speak for the policy: fewer than 100 effective rows, or a mean weight outside .8
    to 1.2. A table has the columns account_id, week, action and, for policies with dice, probability.

    Example: kqml evaluate policy data/log --dataset data/world --target visit --against playbook
    """
    from serve.cli.layouts.policy import show_policy
    from serve.usecases.evaluate_policy import PolicyEvaluationRequest, evaluate_policy

    request = PolicyEvaluationRequest(
        log=log,
        dataset=dataset or log,
        playbook=read_playbook_in_force(playbook, context.settings),
        target=target,
        against=against,
        outcome=outcome.value,
        horizon_days=horizon,
        seed=seed,
        language=context.language,
    )
    with progress("Weighing the drawn decisions", None):
        result = evaluate_policy(request)
    return Answer(result, show_policy(vars(result), context.language), exit_code=int(result.refused))


def history(
    folder: Annotated[Path, typer.Argument(help="Dataset folder.")],
    context: CommandContext,
    horizon: Annotated[int, typer.Option(min=7, help="Days over which margin counts.")] = 91,
    weeks: Annotated[int, typer.Option(min=1, help="The last weeks whose horizon has passed.")] = 26,
    playbook: PlaybookFlag = None,
    seed: Seed = 0,
) -> Answer[Any]:
    """Estimate the effect of each action on margin from a history in which nothing was randomised.

    Accounts and weeks with an action are compared with like ones without. What was not recorded may explain the
    difference, so plans and totals never use these effects.

    Example: kqml evaluate history data/company --weeks 52
    """
    from serve.cli.layouts.policy import show_observed_effects
    from serve.usecases.evaluate_history import HistoryEvaluationRequest, evaluate_history
    from serve.usecases.plain_values import plain_value

    rules = read_playbook_in_force(playbook, context.settings)
    request = HistoryEvaluationRequest(dataset=folder, playbook=rules, horizon_days=horizon, weeks=weeks, seed=seed)
    with progress("Comparing accounts and weeks", None):
        result = evaluate_history(request)
    return Answer(result, show_observed_effects(plain_value(result), context.language))
