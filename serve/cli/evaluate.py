"""`kqml evaluate …`: evaluate a randomised trial, a policy, a history."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serve.cli.churn_options import Seed
from serve.cli.command import Answer, CommandContext
from serve.cli.output import progress
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force

if TYPE_CHECKING:
    from serve.usecases.evaluate_history import HistoryEvaluationResult
    from serve.usecases.evaluate_policy import PolicyEvaluationResult
    from serve.usecases.evaluate_trial import TrialResult


class Outcome(StrEnum):
    """What came of a decision."""

    MARGIN = "margin"
    RETAINED = "retained"


def trial(  # noqa: PLR0913 - the flags of one command
    file: Annotated[Path, typer.Argument(help="CSV or Parquet file with the rows of the trial.")],
    treatment: Annotated[str, typer.Option(help="Column of the assigned arm.")],
    control: Annotated[str, typer.Option(help="Value of the control arm in that column.")],
    outcome: Annotated[str, typer.Option(help="Column of the outcome: numeric, or 0 and 1.")],
    context: CommandContext,
    probability: Annotated[
        str | None, typer.Option(help="Column of the probability of the assigned arm. Default: the share of each arm.")
    ] = None,
    exclude: Annotated[
        str, typer.Option(help="Columns to leave out, separated by commas, such as other outcomes.")
    ] = "",
    unit: Annotated[
        str | None,
        typer.Option(help="Column of what was randomised, where it has several rows. Default: each row by itself."),
    ] = None,
    shares: Annotated[
        str, typer.Option(help="Share of each arm in the design, such as none=50,visit=50, or equal.")
    ] = "",
    seed: Seed = 0,
) -> Answer["TrialResult"]:
    """Evaluate a randomised trial: the value of each arm, of the learned best arm per row, and who gains most.

    Estimates are cross-fitted. The verdict is no_action, best_arm, personalise, or invalid where the arms do not have
    their stated shares (--shares, --probability); the exit code is 0 for each of them. Rows of one --unit stay in one
    fold and count as one in intervals. All remaining columns are used as features, so exclude other outcomes.

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
        unit=unit,
        shares=shares,
        seed=seed,
        language=context.language,
    )
    with progress("Evaluating the trial", None):
        result = evaluate_trial(request)
    return Answer(result, show_trial(vars(result), context.language))


def policy(  # noqa: PLR0913 - the flags of one command
    log: Annotated[Path, typer.Argument(help="Folder of the decision log.")],
    context: CommandContext,
    target: Annotated[
        str,
        typer.Option(
            help="Policy to evaluate: kqml, playbook, an action for all accounts, or a table (.csv, .parquet)."
        ),
    ] = "playbook",
    against: Annotated[str, typer.Option(help="Policy to compare with, in the same form.")] = "wait",
    dataset: Annotated[
        Path | None, typer.Option(help="Dataset folder of the log. Default: the folder that contains the log.")
    ] = None,
    outcome: Annotated[Outcome, typer.Option(help="Outcome to evaluate.")] = Outcome.MARGIN,
    horizon: Annotated[int, typer.Option(min=7, help="Days over which the outcome is measured.")] = 91,
    playbook: PlaybookFlag = None,
    seed: Seed = 0,
) -> Answer["PolicyEvaluationResult"]:
    """Estimate the value of using a policy for one week, with intervals, from a decision log.

    Later weeks follow the policy of the log. Exits with 1 if the log gives insufficient support: fewer than 100
    effective rows, or a mean weight outside 0.8 to 1.2. A policy table has the columns account_id, week, action and,
    for randomised policies, probability.

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
    with progress("Evaluating the policy", None):
        result = evaluate_policy(request)
    return Answer(result, show_policy(vars(result), context.language), exit_code=int(result.refused))


def history(
    folder: Annotated[Path, typer.Argument(help="Dataset folder.")],
    context: CommandContext,
    horizon: Annotated[int, typer.Option(min=7, help="Days over which margin is measured.")] = 91,
    weeks: Annotated[int, typer.Option(min=1, help="Number of latest weeks with a complete horizon.")] = 26,
    playbook: PlaybookFlag = None,
    seed: Seed = 0,
) -> Answer["HistoryEvaluationResult"]:
    """Estimate the effect of each action on margin from a history without randomisation.

    The command compares account weeks with an action to similar ones without it. Unrecorded causes may explain the
    difference, so plans and totals never use these effects.

    Example: kqml evaluate history data/company --weeks 52
    """
    from serve.cli.layouts.policy import show_observed_effects
    from serve.usecases.evaluate_history import HistoryEvaluationRequest, evaluate_history
    from serve.usecases.plain_values import plain_value

    rules = read_playbook_in_force(playbook, context.settings)
    request = HistoryEvaluationRequest(dataset=folder, playbook=rules, horizon_days=horizon, weeks=weeks, seed=seed)
    with progress("Estimating effects", None):
        result = evaluate_history(request)
    return Answer(result, show_observed_effects(plain_value(result), context.language))
