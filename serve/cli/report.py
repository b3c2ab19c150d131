"""`kqml report …`: grades of accounts, losses of a period, effects of actions, adoption of recommendations."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kqml.errors import BadUse, Fault
from kqml.playbook import read_playbook
from serve.cli.command import Answer, CommandContext
from serve.cli.database_option import FLAG, DatabaseOption, open_database_option, read_source
from serve.cli.output import progress
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force

if TYPE_CHECKING:
    from kqml.contract.adoption import AdoptionReport
    from serve.usecases.report_effects import EffectsResult
    from serve.usecases.report_grades import GradesResult
    from serve.usecases.report_losses import LossResult

WEEK = "ISO week such as 2024-W07."
DatasetFolder = Annotated[Path, typer.Argument(help="Dataset folder written by `kqml import`.")]
OptionalFolder = Annotated[Path | None, typer.Argument(help="Dataset folder written by `kqml import`.")]


def grades(  # noqa: PLR0913 - the flags of one command
    context: CommandContext,
    dataset: OptionalFolder = None,
    database: DatabaseOption = None,
    account: Annotated[str | None, typer.Option(help="Show one account with all evidence for its grades.")] = None,
    at: Annotated[
        str | None,
        typer.Option(help="Cutoff: a date, or a time with UTC offset.", show_default="midnight after the last record"),
    ] = None,
    quarters: Annotated[int, typer.Option(min=0, max=40, help="Number of past quarters to show.")] = 8,
    playbook: PlaybookFlag = None,
    out: Annotated[
        Path | None, typer.Option(help="File for the rows of all accounts and periods (.parquet or .csv).")
    ] = None,
) -> Answer["GradesResult"]:
    """Grade all accounts by the playbook, as known at the cutoff: depth, relationship, 532 class, credit, overall
    class.

    With --account the command shows the evidence for each grade, the statement of the emotional account, and the
    missing customer-card fields that are worth asking for next. With --database it grades the accounts of the database
    and sees of personal fields only whether they are filled in.

    Example: kqml report grades data/world --account S0000012 --at 2024-10-01
    """
    from kqml.dataset.table_files import check_table_path
    from serve.cli.layouts.grades import show_grades
    from serve.usecases.plain_values import plain_value
    from serve.usecases.report_grades import GradesRequest, report_grades

    if out is not None:
        check_table_path(out)
    rules = read_playbook_in_force(playbook, context.settings)
    with progress("Grading accounts", None):
        data = read_source(dataset, database, context.settings, filled_fields=True)
        request = GradesRequest(dataset=data, playbook=rules, account=account, at=at, quarters=quarters, out=out)
        result = report_grades(request)
    return Answer(result, show_grades(plain_value(result), context.language))


def loss(  # noqa: PLR0913 - the flags of one command
    context: CommandContext,
    dataset: OptionalFolder = None,
    database: DatabaseOption = None,
    start: Annotated[
        str | None, typer.Option("--from", help="First day of the period.", show_default="a year before the end")
    ] = None,
    end: Annotated[
        str | None,
        typer.Option(
            "--to", help="Day after the last day of the period.", show_default="midnight after the last record"
        ),
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option(help="Grouping: tier, region, rep or reason. Repeat for several.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Version number or alias of the model.", show_default="the champion, if there is one"),
    ] = None,
    playbook: PlaybookFlag = None,
    out: Annotated[Path | None, typer.Option(help="File for one row per account (.parquet or .csv).")] = None,
) -> Answer["LossResult"]:
    """Report customers lost in a period and their annual value, by tier, region, rep or reason.

    With a model the report includes the expected loss after the period and the main reason of each loss. With
    --database it reports the accounts of the database.

    Example: kqml report loss data/world --from 2024-01-01 --to 2025-01-01 --by tier --by reason
    """
    from kqml.dataset.table_files import check_table_path
    from serve.cli.layouts.losses import show_losses
    from serve.usecases.plain_values import plain_value
    from serve.usecases.report_losses import LossRequest, report_losses

    if out is not None:
        check_table_path(out)
    rules = read_playbook_in_force(playbook, context.settings)
    with progress("Computing losses", None):
        request = LossRequest(
            dataset=read_source(dataset, database, context.settings),
            start=start,
            end=end,
            by=tuple(by or ()),
            model=model,
            playbook=rules,
            reason_playbook=None if playbook is None else read_playbook(playbook),
            out=out,
        )
        result = report_losses(request, context.settings)
    return Answer(result, show_losses(plain_value(result), context.language))


def effects(
    dataset: DatasetFolder,
    context: CommandContext,
    log: Annotated[Path | None, typer.Option(help="Folder of its decision log.", show_default="the dataset")] = None,
    model: Annotated[
        str | None, typer.Option(help="Version or alias of the model.", show_default="champion, where there is one")
    ] = None,
    playbook: PlaybookFlag = None,
) -> Answer["EffectsResult"]:
    """Report the effect of each action that randomised decisions show, with interval, overlap and calibration.

    The report says whether plans use these effects, and how many more weeks are needed if not. With a model it is
    logged in MLflow with the model's version.

    Example: kqml report effects data/world --log data/world
    """
    from serve.cli.layouts.effects import show_effects
    from serve.usecases.plain_values import plain_value
    from serve.usecases.report_effects import EffectsRequest, report_effects

    rules = read_playbook_in_force(playbook, context.settings)
    request = EffectsRequest(dataset=dataset, log=log or dataset, model=model, playbook=rules)
    with progress("Estimating effects", None):
        result = report_effects(request, context.settings)
    return Answer(result, show_effects(plain_value(result), context.language))


def adoption(
    context: CommandContext,
    database: DatabaseOption = None,
    first: Annotated[
        str | None, typer.Option("--from", help=f"First week: {WEEK}", show_default="three weeks before the last")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", help=f"Last week: {WEEK}", show_default="the current week")
    ] = None,
    rep: Annotated[str | None, typer.Option(help="Report only this rep.", show_default="all reps")] = None,
    playbook: PlaybookFlag = None,
) -> Answer["AdoptionReport"]:
    """Report how many recommended actions were accepted, carried out, verified, overridden or ignored.

    The report has one row per rep, week and action, and lists the overrides with their reasons and with the time until
    which the action is not recommended again.

    Example: kqml report adoption --database --from 2024-W10 --to 2024-W13
    """
    from kqml.duties import week
    from serve.cli.layouts.adoption import show_adoption
    from serve.usecases.plain_values import plain_value
    from serve.usecases.report_adoption import ReportAdoptionRequest, read_adoption

    if database is None:
        raise BadUse("Give the database.", [Fault(FLAG, "is absent", f"add {FLAG}: the report reads stored decisions")])
    request = ReportAdoptionRequest(
        None if first is None else week(first),
        None if last is None else week(last),
        rep,
        read_playbook_in_force(playbook, context.settings),
    )
    with open_database_option(database, context.settings) as opened:
        result = read_adoption(opened.database, request, context.now)
    return Answer(result, show_adoption(plain_value(result), context.language))
