"""`kqml plan`: plan the actions of a week by rep, with briefs, and log the decisions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kqml.errors import BadUse, Fault
from serve.cli.command import Answer, CommandContext
from serve.cli.database_option import FLAG, DatabaseOption, open_database_option, refuse_unclear_source
from serve.cli.output import progress
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force

if TYPE_CHECKING:
    from serve.usecases.plan_week import PlanWeekResult, StoredWeek
    from serve.usecases.planning_request import PlanWeekRequest
    from serve.usecases.report_plan import PlanReport

BY = "command:plan"


def run(  # noqa: PLR0913 - the flags of one command
    context: CommandContext,
    dataset: Annotated[Path | None, typer.Argument(help="Dataset folder written by `kqml import`.")] = None,
    database: DatabaseOption = None,
    week: Annotated[
        str | None,
        typer.Option(
            help="ISO week such as 2024-W07.",
            show_default="the week after the last record; the current week with --database",
        ),
    ] = None,
    rep: Annotated[str | None, typer.Option(help="Show only this rep.", show_default="all reps")] = None,
    out: Annotated[Path | None, typer.Option(help="File for the plan with briefs (.xlsx, .csv or .parquet).")] = None,
    log: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the decision log. The command estimates effects from it and appends this week. A week that "
            "it contains is recomputed and compared bit for bit."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Version number or alias of the model.", show_default="the champion, if there is one"),
    ] = None,
    playbook: PlaybookFlag = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="With --database: show the next week by what is known now; store nothing.")
    ] = False,
) -> Answer["PlanReport"]:
    """Plan a week: choose an action for each account within the hours of its rep, with reasons and a brief.

    Required actions come first, then exploratory actions, then the other accounts by value. The value is the net value
    if randomised decisions have shown effects. Otherwise it is cadence and risk × value, and kqml reports no effect.

    With --database the plan of all reps is saved in the database, which also provides past rejections and the outcomes
    of earlier randomised decisions. If the week is already planned, the command recomputes it and compares the result
    bit for bit. Accounts that object to automated recommendations are left out.

    Example: kqml plan data/world --week 2024-W07 --rep R0001-00 --out plan.xlsx
    """
    from kqml.duties import week as week_of
    from serve.cli.layouts.plan import show_plan
    from serve.usecases.plain_values import plain_value
    from serve.usecases.plan_dataset import PlanDatasetRequest, plan_dataset_week
    from serve.usecases.planning_request import PlanWeekRequest, find_planning_model
    from serve.usecases.report_plan import PlanReportRequest, check_plan_path, report_plan

    if out is not None:
        check_plan_path(out)
    if database is not None and log is not None:
        raise BadUse(
            "Give --log or --database, not both.", [Fault("--log", f"{log} conflicts with {FLAG}", "leave --log out")]
        )
    refuse_unclear_source(dataset, database)
    if preview and database is None:
        fault = Fault("--preview", f"{dataset} is a folder", "leave --preview out: without --log nothing is stored")
        raise BadUse(f"--preview goes with {FLAG}.", [fault])
    rules = read_playbook_in_force(playbook, context.settings)
    planning_model = find_planning_model(context.settings, model)
    period = None if week is None else week_of(week)
    stored, logged = None, None
    elsewhere: Sequence[Mapping[str, Any]] = ()
    with progress("Planning", None):
        if dataset is not None:
            folder = PlanDatasetRequest(dataset=dataset, week=period, playbook=rules, model=planning_model, log=log)
            in_folder = plan_dataset_week(folder)
            planned, logged = in_folder.planned, in_folder.log
        else:
            wanted = PlanWeekRequest(period, rules, planning_model, BY, preview=preview)
            in_database, stored = _plan_database(str(database), wanted, context)
            planned, elsewhere = in_database.planned, in_database.elsewhere
        request = PlanReportRequest(
            rep=rep,
            out=out,
            language=context.language,
            model=planning_model,
            log=logged,
            database=stored,
            preview=preview,
            elsewhere=elsewhere,
        )
        result = report_plan(planned, request)
    return Answer(result, show_plan(plain_value(result), context.language))


def _plan_database(
    flag: str, request: "PlanWeekRequest", context: CommandContext
) -> "tuple[PlanWeekResult, StoredWeek | None]":
    """Plan the week and store it, or compare it with what is stored; a preview is not stored."""
    from serve.usecases.plan_week import plan_week, store_week

    with open_database_option(flag, context.settings) as opened:
        result = plan_week(opened.database, request, context.now)
        assert result is not None
        return result, None if request.preview else store_week(opened.database, result, context.now)
